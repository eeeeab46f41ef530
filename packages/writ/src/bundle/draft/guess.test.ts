import { describe, expect, it } from 'vitest';
import { guessTools } from './guess.js';
import type { ListedTool } from './listed-tool.js';

const listed = (name: string, args: readonly string[] = [], annotations: Record<string, unknown> = {}): ListedTool => ({
  name,
  inputSchema: { properties: Object.fromEntries(args.map((one) => [one, { type: 'string' }])) },
  annotations,
});
const guess = (tool: ListedTool, ...others: readonly ListedTool[]) => {
  const [guessed] = guessTools([tool, ...others]);
  if (guessed === undefined) throw new Error('nothing was guessed');
  return guessed;
};
const tool = (...[name, args, annotations]: Parameters<typeof listed>) => guess(listed(name, args, annotations));
const EVERYTHING = ['write', 'egress', 'money', 'account', 'destroy'];

describe('the effects and the roles of a tool', () => {
  it.each([
    ['get_order', ['id'], ['read'], { id: 'target' }],
    ['searchEmails', ['query'], ['read'], {}],
    ['fetch_page', ['url'], ['read', 'egress'], { url: 'destination' }],
    ['send_email', ['to', 'subject', 'body'], ['egress'], { to: 'destination', subject: 'content', body: 'content' }],
    ['refund_order', ['order', 'amount'], ['money'], { order: 'target', amount: 'amount' }],
    ['pay', ['user', 'amount'], ['money'], { user: 'destination', amount: 'amount' }],
    ['delete_file', ['path'], ['destroy'], { path: 'target' }],
    ['update_user_password', ['user', 'password'], ['write', 'account'], { user: 'target', password: 'secret' }],
    ['create_event', ['title', 'participants'], ['write', 'egress'], { title: 'content', participants: 'destination' }],
    ['frobnicate', [], EVERYTHING, {}],
    // A room is what is booked, and not where something goes.
    ['reserve_hotel', ['hotel', 'user'], ['money'], { hotel: 'target', user: 'target' }],
    ['create_event', ['title', 'location'], ['write'], { title: 'content', location: 'content' }],
    ['run_shell', ['command'], ['write', 'egress', 'destroy'], { command: 'content' }],
    ['find_and_delete', ['query'], ['destroy', 'read'], { query: 'content' }],
    ['check_in_guest', ['guest'], ['write', 'egress'], { guest: 'destination' }],
  ])('%s(%j)', (name, args, effects, roles) => {
    const guessed = tool(name, args);
    expect([[...guessed.effects].sort(), guessed.roles]).toEqual([[...effects].sort(), roles]);
  });

  it.each([
    ['a server that says that it only reads', 'frobnicate', { readOnlyHint: true }, ['read']],
    ['a server that says that it destroys', 'frobnicate', { destructiveHint: true }, ['destroy']],
    ['the name, if that says more than the server', 'delete_page', { readOnlyHint: true }, ['destroy']],
  ])('goes by %s', (_what, name, annotations, effects) => {
    expect(tool(name, [], annotations).effects).toEqual(effects);
  });

  it.each([
    ['github_create_issue', ['write']],
    ['slack-post_message', ['egress']],
    ['mcp__notion__search_pages', ['read']],
    ['Gmail.SendEmail', ['egress']],
    ['issues/list', ['read']],
    ['HTTPGetPage', ['read']],
    ['email_search', ['read']],
    ['post_update', ['egress', 'write']],
    ['order_cancel', ['destroy', 'money']],
    ['brave_web_search', ['read']],
    ['kubectl_delete', ['destroy']],
    ['firecrawl_monitor_create', ['write']],
    ['firecrawl_monitor_list', ['read']],
    ['search_delete', ['destroy']],
    ['search_orders_list', ['read']],
    ['take_screenshot', ['read']],
    ['API-post-page', ['write']],
    ['API-post-search', ['read']],
    ['browser_press_key', ['write']],
    ['get_commit', ['read']],
  ])('finds the verb of %s after what is before it', (name, effects) => {
    expect([...tool(name).effects].sort()).toEqual(effects);
  });

  it('takes the words that tools share for a prefix, also where they could be verbs', () => {
    const names = ['post_history_list', 'post_create', 'post_remove', 'post_archive_get'];
    const all = names.map((name) => listed(name));
    expect(guessTools(all).map(({ effects }) => effects)).toEqual([['read'], ['write'], ['destroy'], ['read']]);
    // Without a verb it is not known what such a tool does.
    expect(guess(listed('mail_outbox'), listed('mail_inbox')).effects).toEqual(['egress']);
  });

  it('asks the description where the name says nothing', () => {
    const described = (name: string, description: string) => guess({ ...listed(name), description }).effects;
    expect(described('maps_directions', 'Get directions between two places')).toEqual(['read']);
    expect(described('maps_directions', 'Returns directions')).toEqual(['read']);
    expect(described('delete_page', 'Get rid of a page')).toEqual(['destroy']);
    expect(described('directions', 'Frobnicates')).toEqual(EVERYTHING);
  });

  it('knows by which words a prompt asks for it where those of its name alone are wrong', () => {
    const [made] = guessTools([listed('post_create'), listed('post_list'), listed('post_delete')]);
    expect(made?.asked).not.toContain('publish');
    expect(made?.asked).toContain('create');
    expect(tool('create_post').asked).toBeUndefined();
    expect(guess(listed('mail_draft_make'), listed('mail_draft_list')).asked).not.toContain('send');
    // Nobody has to ask for reading.
    expect(guess({ ...listed('maps_directions'), description: 'Find directions' }).asked).toBeUndefined();
  });
});

describe('an amount', () => {
  const money = (type: string, name = 'value') =>
    guess({ name: 'pay', inputSchema: { properties: { [name]: { type } } } }).roles[name];

  it('is a number, or a text with a name that leaves no doubt', () => {
    expect(['number', 'integer', 'string'].map((type) => money(type))).toEqual(['amount', 'amount', 'content']);
    expect(money('string', 'amount')).toBe('amount');
    expect(money('string', 'price')).toBe('content');
    const unknown = guess(listed('frobnicate', ['amount']));
    expect(unknown.roles).toEqual({ amount: 'content' });
  });

  it('is of a payment alone, and one', () => {
    const trade = guess({
      name: 'buy_stock',
      inputSchema: {
        properties: { price: { type: 'number' }, amount: { type: 'number' }, quantity: { type: 'integer' } },
      },
    });
    expect(trade.roles).toEqual({ amount: 'amount' });
    expect(tool('fill', ['uid', 'value'], { readOnlyHint: false }).roles).toEqual({ uid: 'content', value: 'content' });
  });
});

describe('the kinds of arguments', () => {
  const kinds = (name: string, properties: Record<string, object>) =>
    Object.fromEntries(
      [...guess({ name, inputSchema: { properties } }).arguments].map(([argument, { kind }]) => [argument, kind]),
    );
  const text = { type: 'string' };

  it('are those of their format, their name or their description', () => {
    expect(
      kinds('share_thing', {
        to: { ...text, format: 'email' },
        user_email: text,
        webhook: text,
        phone_number: text,
        recipient: { ...text, description: 'IBAN of the recipient' },
        file_path: text,
        channel: text,
        email_id: text,
      }),
    ).toEqual({
      to: 'email',
      user_email: 'email',
      webhook: 'url',
      phone_number: 'phone',
      recipient: 'iban',
      file_path: 'path',
      channel: undefined,
      email_id: undefined,
    });
  });

  it('are addresses where a tool of a mailbox writes to', () => {
    const list = { type: 'array', items: text };
    expect(kinds('send_email', { to: list, cc: list })).toEqual({ to: 'email', cc: 'email' });
    expect(kinds('send_message', { to: list })).toEqual({ to: undefined });
    expect(kinds('send_sms', { to: text, body: text })).toEqual({ to: 'phone', body: undefined });
    // One that can be something else has none.
    expect(kinds('send_email', { to: { ...text, description: 'Address or name' } })).toEqual({ to: undefined });
  });
});

describe('the stores of tools', () => {
  it.each([
    ['get_notes', 'note', undefined],
    ['create_note', undefined, 'note'],
    ['delete_notes', undefined, undefined],
    ['list_all_companies', 'company', undefined],
    ['search_contacts_by_email', 'contact', undefined],
    ['get_car_price_per_day', 'car', undefined],
    ['get_car_types_available', 'car', undefined],
    ['check_restaurant_opening_hours', 'restaurant', undefined],
    ['get_current_day', undefined, undefined],
    ['read_inbox', 'message', undefined],
    ['send_direct_message', undefined, 'message'],
    ['read_channel_messages', 'message', undefined],
    ['github_create_issue', undefined, 'issue'],
    ['issue_list', 'issue', undefined],
    ['append_to_file', undefined, 'file'],
    ['update_scheduled_transaction', undefined, 'transaction'],
  ])('%s reads %s and writes %s', (name, reads, writes) => {
    const guessed = tool(name);
    expect([guessed.reads, guessed.writes]).toEqual([reads, writes]);
  });

  it('an inbox is of mails where there are mails', () => {
    expect(guess(listed('read_inbox'), listed('send_email')).reads).toBe('email');
  });
});
