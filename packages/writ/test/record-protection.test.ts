import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quickFinders } from '@writ/enforce/detect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Masks } from '../src/audit/protection/masks.js';
import { peopleIn } from '../src/audit/protection/people-in.js';
import { PersonKeys } from '../src/audit/protection/person-keys.js';
import type { DecisionRecord } from '../src/decide/record.js';
import { keySource } from '../src/store/key-source.js';
import { storeKeyToRead } from '../src/store/open-store-key.js';
import { openSqlite } from '../src/store/sqlite.js';
import { openStoreToRead } from '../src/store/store.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

const record = (input: object, more: Partial<DecisionRecord> = {}): DecisionRecord => ({
  kind: 'decision',
  id: '01M8641579V9C78TQ6ZQMQGCMN',
  time: '2026-11-24T06:31:28.000Z',
  result: 'allow',
  enforcementPoint: 'default',
  request: {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'pay' },
    resource: { type: 'Account', id: '1', properties: { badge: '1234' } },
    context: { input, other: 'x' },
  },
  reasons: [],
  facts: [{ uid: { type: 'User', id: 'ana' }, attributes: { phone: '123', level: 2 }, ancestors: [] }],
  ledger: { recipients: ['eve'], spent: 5 },
  reserved: [{ accumulator: 'recipients', fold: 'set', key: 'k', amount: ['eve'] }],
  policyVersion: 'v',
  ...more,
});
const inputOf = (masked: DecisionRecord) => masked.request.context?.input;

describe('masks', () => {
  const key = randomBytes(32);
  const hashed = expect.stringMatching(/^hmac-sha256:[\w-]{43}$/);

  it('take out what is under a name that says it is a secret, whatever the rules say', () => {
    const masks = new Masks([], key, {});
    const input = {
      user: 'ana',
      password: 'p',
      nested: [{ apiKey: 'k', tokenCount: 3 }],
      Authorization: 'Bearer x',
      clientSecret: ['a'],
    };
    expect(inputOf(masks.apply(record(input)))).toEqual({
      user: 'ana',
      password: { masked: hashed },
      nested: [{ apiKey: { masked: hashed }, tokenCount: 3 }],
      Authorization: { masked: hashed },
      clientSecret: { masked: hashed },
    });
    const plain = record({ user: 'ana' });
    expect(masks.apply(plain)).toBe(plain);
  });

  it('also of properties that a caller sends', () => {
    const one = record({});
    const request = { ...one.request, subject: { type: 'User', id: 'a', properties: { password: 'p', level: 1 } } };
    const masked = new Masks([], key, {}).apply({ ...one, request });
    expect(masked.request.subject.properties).toEqual({ password: { masked: hashed }, level: 1 });
  });

  it('are the same for the same value, and another with another key', () => {
    const once = new Masks([{ path: 'input.to', as: 'hash' }], key, {});
    const [a, b, c] = [{ to: { x: 1, y: 2 } }, { to: { y: 2, x: 1 } }, { to: { x: 1, y: 3 } }].map((input) =>
      JSON.stringify(inputOf(once.apply(record(input)))),
    );
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    const other = new Masks([{ path: 'input.to', as: 'hash' }], randomBytes(32), {});
    expect(JSON.stringify(inputOf(other.apply(record({ to: { x: 1, y: 2 } }))))).not.toBe(a);
  });

  it('go by path through objects and lists, into facts, properties and what is counted', () => {
    const masks = new Masks(
      [
        { path: 'input.people.*.email', as: 'hash' },
        { path: 'input.note', as: 'drop' },
        { path: 'resource.badge', as: 'drop' },
        { path: 'facts.User.phone', as: 'hash' },
        { path: 'ledger.recipients', as: 'hash' },
        { path: 'context.other', as: 'drop' },
      ],
      key,
      {},
    );
    const masked = masks.apply(record({ people: [{ email: 'a', age: 1 }, { email: 'b' }], note: 'n' }));
    expect(inputOf(masked)).toEqual({
      people: [{ email: { masked: hashed }, age: 1 }, { email: { masked: hashed } }],
      note: { masked: 'dropped' },
    });
    expect(masked.request.resource.properties).toEqual({ badge: { masked: 'dropped' } });
    expect(masked.request.context?.other).toEqual({ masked: 'dropped' });
    expect(masked.facts[0]?.attributes).toEqual({ phone: { masked: hashed }, level: 2 });
    expect(masked.ledger).toEqual({ recipients: [{ masked: hashed }], spent: 5 });
    expect(masked.reserved?.[0]?.amount).toEqual([expect.stringMatching(/^\[masked hmac-sha256:/)]);
  });

  it('take what they took out of the message that says what does not fit, and out of searches', () => {
    const masks = new Masks([{ path: 'input.badge', as: 'drop' }], key, {});
    const refused = masks.apply(
      record(
        { badge: 987_654 },
        { refusal: { code: 'invalid_request', message: 'badge: expected string, got the number 987654' } },
      ),
    );
    expect(JSON.stringify(refused)).not.toContain('987654');
    expect(refused.refusal?.message).toBe('badge: expected string, got the number [masked]');
    const search = masks.apply({
      kind: 'search',
      id: 'x',
      time: 't',
      enforcementPoint: 'e',
      what: 'resource',
      request: { subject: { type: 'User', id: 'a' }, context: { input: { badge: 987_654 }, token: 'tok-en' } },
      results: [],
      policyVersion: 'v',
    });
    expect(JSON.stringify(search)).not.toMatch(/987654|tok-en/);
  });

  it('find what looks like a card, an account or an address in any text', async () => {
    const masks = new Masks(
      [
        { class: 'card', as: 'drop' },
        { class: 'email', as: 'hash' },
      ],
      key,
      await quickFinders(),
    );
    const input = { text: 'pay 4111 1111 1111 1111 for eve@evil.example, not 4111 1111 1111 1112', n: 1 };
    expect(inputOf(masks.apply(record(input)))).toEqual({
      text: expect.stringMatching(
        /^pay \[masked card dropped\] for \[masked email hmac-sha256:[\w-]+\], not 4111 1111 1111 1112$/,
      ),
      n: 1,
    });
  });
});

describe('the people of an entry', () => {
  const types = new Set(['User']);
  const base = { id: 'x', time: 't', enforcementPoint: 'e' };

  it('are also those in the keys of what an outcome holds, lists of names among them', () => {
    const held = (key: string) => [{ accumulator: 'a', fold: 'sum', key, amount: 1 }];
    const outcome = { ...base, kind: 'outcome', decisionId: 'd', status: 'completed' } as const;
    expect(peopleIn({ ...outcome, held: held('User::"ana"') }, types)).toEqual(['User::"ana"']);
    const list = JSON.stringify(['User::"ana"', 'Agent::"bot"', null]);
    expect(peopleIn({ ...outcome, held: held(list) }, types)).toEqual(['User::"ana"']);
    expect(peopleIn({ ...outcome, held: held(JSON.stringify([list, 'User::"b\\"c"'])) }, types)).toEqual([
      'User::"ana"',
      'User::"b\\"c"',
    ]);
    expect(peopleIn({ ...outcome, held: held('Agent::"bot"') }, types)).toEqual([]);
  });

  it('are also those that a search found', () => {
    const search = { ...base, kind: 'search', policyVersion: 'v', results: ['ana', 'ben'] } as const;
    expect(peopleIn({ ...search, what: 'subject', request: { subject: { type: 'User' } } }, types)).toEqual([
      'User::"ana"',
      'User::"ben"',
    ]);
    expect(peopleIn({ ...search, what: 'resource', request: { resource: { type: 'Order' } } }, types)).toEqual([]);
  });
});

const FILES = {
  'writ.yaml': `name: protected
record:
  erasable: [User]
  mask:
    - path: input.note
`,
  'schema.cedarschema':
    'entity User, Agent, Order; action look appliesTo { principal: [User, Agent], resource: [Order], context: { input: { note?: String, key?: String } } };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource) unless { resource == Order::"secret" };',
};

describe.each(['SQLite', 'PostgreSQL'])('what is recorded of people, on %s', (kind) => {
  let postgres: PostgresServer | undefined;
  let writ: Running;
  let store: string | undefined;
  const ids: Record<string, string> = {};
  const ask = async (user: string, note: string, order = '1'): Promise<string> => {
    const answer = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: user },
      action: { name: 'look' },
      resource: { type: 'Order', id: order },
      context: { input: { note }, agent: { type: 'Agent', id: 'bot' } },
    });
    return answer.headers.get('x-decision-id') as string;
  };
  const of = (id: string) => writ.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' });
  beforeAll(async () => {
    if (kind === 'PostgreSQL') {
      postgres = await startPostgres();
      store = await postgres.database();
    }
    writ = await run(bundleOf(FILES), store === undefined ? {} : { store });
    for (const user of ['ana', 'ben']) ids[user] = await ask(user, `note of ${user}`);
  });
  afterAll(async () => {
    await writ.stop();
    await postgres?.stop();
  });

  it('is not readable in the store, and is for whoever may read the record', async () => {
    const { json } = await of(ids.ana as string);
    expect(json.decision).toMatchObject({
      request: { subject: { id: 'ana' }, context: { input: { note: { masked: expect.stringMatching(/^hmac/) } } } },
    });
    const receipt = await writ.send('GET', `/v1/decisions/${ids.ana}/receipt`, undefined, { as: 'admin' });
    const extra = Buffer.from(/extra (\S+)/.exec(receipt.text)?.[1] ?? '', 'base64').toString();
    expect(JSON.parse(extra)).toEqual({
      v: 1,
      kind: 'decision',
      id: ids.ana,
      time: json.decision.time,
      result: 'allow',
      sealed: { keys: [expect.any(String)], data: expect.any(String) },
    });
    if (kind === 'SQLite') expect(readFileSync(join(writ.data, 'writ.db')).includes('note of ana')).toBe(false);
  });

  it('is found by who it is, and not any more once they are erased; every proof still holds', async () => {
    const found = async (user: string) =>
      (await writ.send('GET', `/v1/decisions?originator=User::"${user}"`, undefined, { as: 'admin' })).json.decisions;
    expect((await found('ana')).map(({ id }: { id: string }) => id)).toEqual([ids.ana]);
    const before = await writ.send('GET', `/v1/decisions/${ids.ana}/receipt`, undefined, { as: 'admin' });
    const told = await command(
      'log',
      'erase',
      'User::"ana"',
      '--reason',
      'asked for',
      '--service',
      writ.url,
      '--key-file',
      join(writ.data, 'keys/admin.key'),
    );
    expect([told.code, told.out]).toEqual([0, expect.stringContaining('erased User::"ana"')]);
    expect(await found('ana')).toEqual([]);
    expect((await of(ids.ana as string)).status).toBe(410);
    expect((await of(ids.ben as string)).json.decision.request.subject.id).toBe('ben');
    const where = store === undefined ? ['--data', writ.data] : ['--store', store];
    const explained = await command('explain', ids.ana as string, ...where);
    expect([explained.code, explained.out]).toEqual([1, expect.stringContaining('is about somebody who was erased')]);
    const key = join(writ.data, 'keys/log.pub');
    expect(await command('log', 'verify', ...where, '--key', key)).toMatchObject({ code: 0 });
    const after = await writ.send('GET', `/v1/decisions/${ids.ana}/receipt`, undefined, { as: 'admin' });
    expect(/extra \S+/.exec(after.text)?.[0]).toBe(/extra \S+/.exec(before.text)?.[0]);
    // The change is on the record without the name.
    const { entries } = (await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' })).json;
    const change = entries.find(({ what }: { what: string }) => what === 'person.erase');
    expect(change.detail).toEqual({ keys: [expect.any(String)], reason: 'asked for' });
    expect(entries.filter(({ kind: is }: { kind: string }) => is === 'erased')).toMatchObject([
      { id: ids.ana, was: 'decision' },
    ]);
    if (kind === 'SQLite') {
      const database = openSqlite(join(writ.data, 'writ.db'), { readonly: true });
      expect(database.prepare('select person from person_keys').all()).toEqual([{ person: 'User::"ben"' }]);
      database.close();
    }
    // Whoever comes back begins anew.
    const again = await ask('ana', 'x');
    expect((await of(again)).json.decision.request.subject.id).toBe('ana');
    const nobody = await command(
      'log',
      'erase',
      'User::"eve"',
      '--reason',
      'x',
      '--service',
      writ.url,
      '--key-file',
      join(writ.data, 'keys/admin.key'),
    );
    expect([nobody.code, nobody.out]).toEqual([
      2,
      expect.stringContaining('nothing that can be erased is recorded of User::"eve"'),
    ]);
  });

  it('is not in the index either, nor sent on, once somebody is erased: whoever reads beside the service has no key of its own', async () => {
    const opened = await openStoreToRead(store ?? join(writ.data, 'writ.db'));
    const keys = PersonKeys.beside(opened, () => storeKeyToRead(opened, keySource(undefined, writ.data)));
    const [{ id = '' } = {}] = await opened
      .withTables<{ person_keys: { id: string; person: string } }>()
      .selectFrom('person_keys')
      .select('id')
      .where('person', '=', 'User::"ben"')
      .execute();
    expect(await keys.find(id)).toHaveLength(32);
    const carl = await ask('carl', 'x');
    const of2 = await opened
      .withTables<{ person_keys: { id: string; person: string } }>()
      .selectFrom('person_keys')
      .select('id')
      .where('person', '=', 'User::"carl"')
      .execute();
    expect(await keys.find(of2[0]?.id ?? '')).toHaveLength(32);
    await writ.send('POST', '/v1/erasures', { person: 'User::"carl"', reason: 'x' }, { as: 'admin' });
    expect(await keys.find(of2[0]?.id ?? '')).toBeUndefined();
    expect((await of(carl)).status).toBe(410);
    await opened.destroy();
  });

  it('is there after a restart, and what was erased is not', async () => {
    await writ.writ.close();
    writ = await run(bundleOf(FILES), { data: writ.data, ...(store === undefined ? {} : { store }) });
    expect((await of(ids.ben as string)).json.decision.request.subject.id).toBe('ben');
    expect((await of(ids.ana as string)).status).toBe(410);
  });
});
