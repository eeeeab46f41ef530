import { describe, expect, it } from 'vitest';
import { guessTools } from './guess.js';
import type { ListedTool } from './listed-tool.js';

const rulesOf = (tool: Partial<ListedTool> & { name: string }, answers: readonly unknown[] = []) => {
  const [guessed] = guessTools([tool], new Map([[tool.name, answers]]));
  return Object.fromEntries(guessed?.result.rules ?? []);
};
const args = (...names: string[]) => ({
  inputSchema: { properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) },
});

describe('the answer of a tool', () => {
  it.each([
    ['read_inbox'],
    ['get_webpage'],
    ['slack_get_users'],
    ['list_directory'],
    ['git_pull'],
    ['push_files'],
    ['search_products'],
    ['get_all_hotels_in_city'],
    ['send_email'],
    ['reschedule_calendar_event'],
    ['frobnicate'],
  ])('of %s is external: strangers may have written it', (name) => {
    const rules = rulesOf({ name });
    expect(JSON.stringify(rules.$)).toContain('external');
    // Only the ids that the service gives out have authority.
    for (const [path, labels] of Object.entries(rules))
      if (JSON.stringify(labels).includes('system')) expect(path).toMatch(/id'\]$|'id','id_'/);
    expect(JSON.stringify(rules)).not.toContain('"integrity":"internal"');
  });

  it.each([
    ['get_balance', []],
    ['get_user_information', []],
    ['get_me', []],
    ['get_balance', ['currency']],
    ['list_contacts', []],
    ['search_employee_directory', ['name']],
    ['get_current_day', []],
  ])('of %s(%j) is our own', (name, names) => {
    expect(JSON.stringify(rulesOf({ name, ...args(...names) }).$)).not.toContain('external');
  });

  it.each([
    ['get_user_info', ['user']],
    ['get_vendor_iban', ['vendor']],
    ['get_balance', ['account_id']],
    ['get_contact_messages', []],
  ])('of %s(%j) is not: the caller chooses whose it is', (name, names) => {
    expect(JSON.stringify(rulesOf({ name, ...args(...names) }).$)).toContain('external');
  });

  it('has no ids where a stranger chooses them: a page', () => {
    expect(rulesOf({ name: 'fetch_page', ...args('url') })).toEqual({ $: 'external' });
    expect(rulesOf({ name: 'web_search', ...args('query') })).toEqual({ $: ['external', 'public'] });
  });

  it.each([['run_command'], ['frobnicate'], ['read_file'], ['get_file_contents'], ['read_text_file'], ['load_page']])(
    'of %s has none either: a file or an output can be JSON',
    (name) => {
      expect(rulesOf({ name })).toEqual({ $: 'external' });
      expect(rulesOf({ name }, [{ id: 'eve', to: 'eve@evil.example' }])).toEqual({ $: 'external' });
      const outputSchema = { type: 'object', properties: { id: { type: 'string' }, text: { type: 'string' } } };
      expect(rulesOf({ name, outputSchema })).toEqual({ $: 'external', '$.id': 'system' });
    },
  );

  it('does not trust the id of a sender because the service gave it out', () => {
    const rules = rulesOf({ name: 'get_messages' });
    expect(rules["$..['id','id_']"]).toBe('system');
    expect(rules["$..['author','creator','from','organizer','owner','sender','user']['id','id_']"]).toBe('attested');
  });

  it('has the names of a directory at most attested, and addresses with their kind', () => {
    const rules = rulesOf({ name: 'search_contacts_by_name', ...args('name') });
    expect(rules).toMatchObject({ '$..name': 'attested', '$..email': { integrity: 'internal', kind: 'email' } });
  });

  it('has the fields of its sort, and no others', () => {
    expect(Object.keys(rulesOf({ name: 'search_emails' }))).toContain('$..cc');
    expect(Object.keys(rulesOf({ name: 'list_files' }))).toEqual(
      expect.arrayContaining(['$..owner', '$..shared_with']),
    );
    expect(JSON.stringify(rulesOf({ name: 'get_orders' }))).not.toMatch(/email|sender'?:|participants/);
  });

  it('is as confidential as its description says', () => {
    const about = (description: string, name = 'get_user_information') => rulesOf({ name, description }).$;
    expect(about('Returns passport number, bank account and credit card')).toEqual({
      integrity: 'internal',
      confidentiality: 'confidential',
      labels: ['financial', 'personal'],
    });
    expect(about('Medical history and salary of a patient', 'get_record')).toEqual({
      integrity: 'external',
      confidentiality: 'confidential',
      labels: ['financial', 'health'],
    });
    expect(about('', 'list_pins')).toBe('external');
    expect(about('', 'get_password')).toEqual({
      integrity: 'external',
      confidentiality: 'restricted',
      labels: ['credential'],
    });
  });
});

describe('the fields of an answer', () => {
  const properties = {
    id: { type: 'string' },
    sender: { type: 'object', properties: { id: { type: 'string' }, email: { type: 'string', format: 'email' } } },
    card_number: { type: 'string' },
    site: { type: 'string', format: 'uri' },
    body: { type: 'string' },
    'Passport Number': { type: 'string' },
    customer_id: { type: 'string' },
    order_ref: { type: 'string', description: 'IBAN that it was paid from' },
  };

  it('are labelled one by one where the server says which there are', () => {
    const outputSchema = {
      type: 'object',
      properties: { messages: { type: 'array', items: { $ref: '#/$defs/Message' } } },
      $defs: { Message: { type: 'object', properties } },
    };
    const at = '$.messages[*]';
    expect(rulesOf({ name: 'get_messages', outputSchema })).toEqual({
      $: 'external',
      [`${at}.id`]: 'system',
      [`${at}.sender`]: 'attested',
      [`${at}.sender.email`]: { kind: 'email' },
      [`${at}.card_number`]: { confidentiality: 'restricted', labels: ['financial'], kind: 'card' },
      [`${at}.site`]: { kind: 'url' },
      [`${at}["Passport Number"]`]: { confidentiality: 'restricted', labels: ['personal'] },
      [`${at}.customer_id`]: 'attested',
      [`${at}.order_ref`]: { confidentiality: 'confidential', labels: ['financial'], kind: 'iban' },
    });
  });

  it('and where an answer was recorded, by their names and the forms of their values', () => {
    const answer = [
      { id: 'c1', name: 'Ana', reach: 'ana@shop.example', notes: 'x', vip: true, shared: { 'ben@x.example': 'rw' } },
      { id: 'c2', name: 'Ben', reach: 'ben@shop.example' },
    ];
    const content = [{ type: 'text', text: JSON.stringify(answer) }];
    for (const recorded of [answer, { content }])
      expect(rulesOf({ name: 'list_contacts' }, [recorded])).toEqual({
        $: 'internal',
        '$[*].id': 'system',
        '$[*].name': 'attested',
        '$[*].reach': { kind: 'email' },
        '$[*].notes': 'external',
      });
  });

  it('are of one kind in a list of addresses', () => {
    const rules = rulesOf({ name: 'list_contacts' }, [['ana@shop.example', 'ben@shop.example']]);
    expect(rules).toEqual({ $: { integrity: 'internal', confidentiality: 'internal', kind: 'email' } });
    expect(rulesOf({ name: 'list_contacts' }, [['ana@shop.example', 'Ben']])).toEqual({ $: 'internal' });
  });

  it('say who may read a mail, an event and a file, by the members of the record', () => {
    const file = { owner: { type: 'string' }, shared_with: { type: 'object' }, content: { type: 'string' } };
    const outputSchema = { type: 'array', items: { type: 'object', properties: file } };
    expect(rulesOf({ name: 'list_files', outputSchema })['$[*]']).toEqual({
      readers: ['record.owner', 'record.shared_with'],
    });
    const mail = { from: 'ana@x.example', to: ['ben@x.example'], cc: [], subject: 'x' };
    expect(rulesOf({ name: 'get_email' }, [mail]).$).toEqual({
      integrity: 'external',
      readers: ['record.from', 'record.to', 'record.cc'],
    });
    // A mail itself says who sent it, unless the server checks that.
    const description = 'Searches mails. Mails whose DKIM and DMARC checks fail are left out.';
    expect(rulesOf({ name: 'search_emails', description })).toMatchObject({
      '$..[?@.from && @.to]': { sentBy: 'record.from', readers: expect.any(Array) },
    });
    for (const other of [
      'The sender is not verified.',
      'From unauthenticated senders too (no DKIM).',
      'Finds the sender.',
    ])
      expect(JSON.stringify(rulesOf({ name: 'search_emails', description: other }))).not.toContain('sentBy');
    // A record needs them all where nothing says which members there are.
    expect(rulesOf({ name: 'search_emails' })).toMatchObject({
      '$..[?@.sender && @.recipients]': { readers: ['record.sender', 'record.recipients', 'record.cc', 'record.bcc'] },
    });
    expect(Object.keys(rulesOf({ name: 'get_orders' })).join()).not.toContain('?');
    expect(Object.keys(rulesOf({ name: 'send_email' })).join()).not.toContain('?');
  });

  it('are seen in YAML, and the format is drafted', () => {
    const [guessed] = guessTools([{ name: 'get_events' }], new Map([['get_events', ['- id_: "1"\n  title: x\n']]]));
    expect(guessed?.format).toBe('yaml');
    expect(Object.fromEntries(guessed?.result.rules ?? [])).toEqual({ $: 'external', '$[*].id_': 'system' });
  });

  it('are not read without an end: a schema that refers to itself, or stands for millions', () => {
    const Node = {
      type: 'object',
      properties: { id: { type: 'string' }, a: { $ref: '#/$defs/Node' }, b: { $ref: '#/$defs/Node' } },
    };
    const outputSchema = { $ref: '#/$defs/Node', $defs: { Node } };
    expect(Object.keys(rulesOf({ name: 'get_tree', outputSchema })).length).toBeLessThanOrEqual(201);
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`a${i}`, { $ref: '#/$defs/Many' }]));
    const Many = { type: 'object', properties: many };
    const wide = { $ref: '#/$defs/Many', $defs: { Many } };
    expect(rulesOf({ name: 'get_tree', outputSchema: wide, inputSchema: { ...wide } })).toBeDefined();
  });
});

describe('a roster', () => {
  const ofServer = (names: readonly string[], of: string, ...given: string[]) => {
    const tools = names.map((name) => ({ name, ...(name === of ? args(...given) : {}) }));
    const guessed = guessTools(tools).at(names.indexOf(of));
    return { rules: Object.fromEntries(guessed?.result.rules ?? []), because: guessed?.because };
  };
  const SERVER = ['send_channel_message'];

  it.each([
    ['get_channels', []],
    ['list_channels', ['limit', 'cursor']],
    ['slack_list_channels', ['exclude_archived']],
    ['get_users_in_channel', ['channel']],
    ['list_team_members', ['team_id']],
    ['list_users', []],
    ['list_repositories', []],
  ])('is what %s(%j) answers: its names are ours, and mark the task', (name, given) => {
    const { rules, because } = ofServer([...SERVER, name], name, ...given);
    expect(rules).toMatchObject({
      $: { integrity: 'external', labels: ['roster'] },
      '$[*]': { integrity: 'internal', labels: ['roster'], when: 'type(value) == string' },
    });
    expect(because).toContain('lists places of our own');
  });

  it.each([
    ['search_channels', ['query']],
    ['list_channel_messages', ['channel']],
    ['list_users', ['email']],
    ['get_channel_history', []],
    ['list_project_issues', ['project']],
    ['get_board_games', []],
    ['create_channel', ['name']],
    ['get_users_in_channel', ['url']],
  ])('is not what %s(%j) answers', (name, given) => {
    expect(JSON.stringify(ofServer([...SERVER, name], name, ...given).rules)).not.toContain('roster');
  });

  it('has no users of a server without places: those can be customers', () => {
    expect(JSON.stringify(ofServer(['list_users', 'get_order'], 'list_users').rules)).not.toContain('roster');
  });
});
