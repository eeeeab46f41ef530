import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLES, type Running, run } from './running.js';

/** The admin API: the service policies decide each call, and its change is in the next decision. */

let writ: Running;
beforeAll(async () => {
  writ = await run(join(EXAMPLES, 'authzen-certification'));
});
afterAll(() => writ.stop());

const admin = (method: string, path: string, body?: unknown) => writ.send(method, path, body, { as: 'admin' });
const may = async (subject: string, action: string, resource: string) =>
  (
    await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'user', id: subject },
      action: { name: action },
      resource: { type: 'record', id: resource },
    })
  ).json.decision;
const carol = {
  uid: { type: 'user', id: 'carol' },
  attrs: { role: 'admin' },
  parents: [{ type: 'Directory', id: 'fixture' }],
};

const CALLS: [string, string, unknown?][] = [
  ['GET', '/v1/policy'],
  ['POST', '/v1/policy/reload'],
  ['GET', '/v1/entities'],
  ['GET', '/v1/entities/user/alice'],
  ['PUT', '/v1/entities', [carol]],
  ['DELETE', '/v1/entities/user/carol'],
  ['GET', '/v1/identities'],
  ['GET', '/v1/revocations'],
  ['POST', '/v1/revocations', { kind: 'identity', target: 'user::"alice"', reason: 'x' }],
  ['DELETE', '/v1/revocations/x?reason=x'],
  ['GET', '/v1/decisions'],
  ['GET', '/v1/decisions/x'],
  ['GET', '/v1/log'],
  ['GET', '/v1/stream'],
];

describe('who may use it', () => {
  it.each(CALLS)('%s %s: nobody without a credential, and no enforcement point', async (method, path, body) => {
    expect((await writ.send(method, path, body, { as: null })).status).toBe(401);
    const refused = await writ.send(method, path, body);
    expect(refused.status).toBe(403);
    expect(refused.headers.get('Content-Type')).toBe('application/problem+json');
  });

  it('who may not use it learns nothing from the body that it sends', async () => {
    expect((await writ.send('PUT', '/v1/entities', 'not json')).status).toBe(403);
  });
});

describe('/v1/entities', () => {
  it('what is stored is in the next decision, and what is taken out is not', async () => {
    expect(await may('carol', 'read', 'record-1')).toBe(false);
    const put = await admin('PUT', '/v1/entities', [carol]);
    expect([put.status, put.json]).toEqual([200, { revision: expect.any(Number) }]);
    expect(await may('carol', 'read', 'record-1')).toBe(true);
    expect((await admin('GET', '/v1/entities/user/carol')).json).toEqual({
      entity: carol,
      revision: put.json.revision,
      at: expect.any(String),
      by: 'admin',
    });
    const gone = await admin('DELETE', '/v1/entities/user/carol');
    expect(gone.json.revision).toBe(put.json.revision + 1);
    expect(await may('carol', 'read', 'record-1')).toBe(false);
    expect((await admin('DELETE', '/v1/entities/user/carol')).status).toBe(404);
  });

  it('all or none', async () => {
    const wrong = { uid: { type: 'user', id: 'dora' }, attrs: { role: 7 } };
    const answer = await admin('PUT', '/v1/entities', [carol, wrong]);
    expect(answer.status).toBe(422);
    expect(answer.json.detail).toContain('role');
    expect((await admin('GET', '/v1/entities/user/carol')).status).toBe(404);
    expect(await may('carol', 'read', 'record-1')).toBe(false);
  });

  it('what the bundle says is code, and not changed here', async () => {
    const alice = { uid: { type: 'user', id: 'alice' }, attrs: { role: 'admin' } };
    expect((await admin('PUT', '/v1/entities', [alice])).status).toBe(409);
    expect((await admin('DELETE', '/v1/entities/user/alice')).status).toBe(409);
  });

  it('ids that differ in case or in normalisation are different (CVE-2026-55170)', async () => {
    await admin('PUT', '/v1/entities', [{ ...carol, uid: { type: 'user', id: 'ZOË'.normalize('NFC') } }]);
    expect(await may('ZOË'.normalize('NFC'), 'read', 'record-1')).toBe(true);
    expect(await may('ZOË'.normalize('NFD'), 'read', 'record-1')).toBe(false);
    expect(await may('zoë'.normalize('NFC'), 'read', 'record-1')).toBe(false);
    expect((await admin('GET', `/v1/entities/user/${encodeURIComponent('zoë')}`)).status).toBe(404);
  });

  it('are listed in pages, by type and id', async () => {
    const other = await run(join(EXAMPLES, 'authzen-certification'));
    const ids = ['b', 'a', 'c', 'B'];
    const put = ids.map((id) => ({ uid: { type: 'user', id } }));
    await other.send('PUT', '/v1/entities', put, { as: 'admin' });
    const found: string[] = [];
    for (let query = new URLSearchParams({ limit: '3' }); ; ) {
      const { json } = await other.send('GET', `/v1/entities?${query}`, undefined, { as: 'admin' });
      found.push(...json.entities.map(({ entity }: { entity: { uid: { id: string } } }) => entity.uid.id));
      if (json.next === undefined) break;
      query = new URLSearchParams({ limit: '3', afterType: json.next.type, afterId: json.next.id });
    }
    expect(found).toEqual(['B', 'a', 'b', 'c']);
    await other.stop();
  });

  it('survives a restart', async () => {
    const first = await run(join(EXAMPLES, 'authzen-certification'));
    await first.send('PUT', '/v1/entities', [carol], { as: 'admin' });
    await first.writ.close();
    const again = await run(join(EXAMPLES, 'authzen-certification'), { data: first.data });
    const answer = await again.send('GET', '/v1/entities/user/carol', undefined, { as: 'admin' });
    expect(answer.json.revision).toBe(1);
    await again.stop();
  });
});

describe('/v1/revocations', () => {
  it('take effect in the next decision, and are lifted with a reason', async () => {
    expect(await may('bob', 'read', 'record-1')).toBe(true);
    const revoked = await admin('POST', '/v1/revocations', {
      kind: 'identity',
      target: 'user::"bob"',
      reason: 'key leaked',
    });
    expect([revoked.status, revoked.json]).toEqual([
      201,
      expect.objectContaining({ by: 'admin', reason: 'key leaked' }),
    ]);
    expect(await may('bob', 'read', 'record-1')).toBe(false);
    const twice = await admin('POST', '/v1/revocations', { kind: 'identity', target: 'user::"bob"', reason: 'again' });
    expect(twice.json.id).toBe(revoked.json.id);
    expect((await admin('DELETE', `/v1/revocations/${revoked.json.id}`)).status).toBe(400);
    expect((await admin('DELETE', `/v1/revocations/${revoked.json.id}?reason=rotated`)).status).toBe(200);
    expect(await may('bob', 'read', 'record-1')).toBe(true);
  });

  it('of an action', async () => {
    const revoked = await admin('POST', '/v1/revocations', { kind: 'action', target: 'write', reason: 'incident' });
    expect(await may('alice', 'write', 'record-1')).toBe(false);
    expect(await may('alice', 'read', 'record-1')).toBe(true);
    await admin('DELETE', `/v1/revocations/${revoked.json.id}?reason=over`);
  });

  it('an identity that is not written as one is refused, not stored under a name that never matches', async () => {
    expect((await admin('POST', '/v1/revocations', { kind: 'identity', target: 'bob', reason: 'x' })).status).toBe(400);
  });

  it('hide nothing from a search', async () => {
    const revoked = await admin('POST', '/v1/revocations', { kind: 'identity', target: 'user::"alice"', reason: 'x' });
    const search = {
      subject: { type: 'user' },
      action: { name: 'read' },
      resource: { type: 'record', id: 'record-1' },
    };
    const { json } = await writ.send('POST', '/access/v1/search/subject', search);
    expect(json.results).not.toContainEqual({ type: 'user', id: 'alice' });
    await admin('DELETE', `/v1/revocations/${revoked.json.id}?reason=x`);
  });
});

describe('what was decided', () => {
  it('/v1/decisions lists, filters and explains', async () => {
    await may('alice', 'read', 'record-1');
    await may('alice', 'write', 'record-2');
    await may('bob', 'write', 'record-2');
    const newest = await admin('GET', '/v1/decisions?limit=1');
    expect(newest.json.decisions).toMatchObject([{ result: 'allow', request: { subject: { id: 'bob' } } }]);
    const next = await admin('GET', `/v1/decisions?limit=1&before=${newest.json.next}`);
    expect(next.json.decisions).toMatchObject([{ result: 'deny', request: { subject: { id: 'alice' } } }]);
    const query = new URLSearchParams({
      identity: 'user::"alice"',
      action: 'write',
      result: 'deny',
      resource: 'record::"record-2"',
    });
    const denied = await admin('GET', `/v1/decisions?${query}`);
    expect(denied.json.decisions.length).toBeGreaterThan(0);
    for (const { result } of denied.json.decisions) expect(result).toBe('deny');
    const one = await admin('GET', `/v1/decisions/${newest.json.decisions[0].id}`);
    expect(one.json.explanation).toContain('Allowed: user::"bob" asked to write on record::"record-2"');
    expect(
      (await admin('GET', '/v1/decisions?policy=administrators-write-archived')).json.decisions.length,
    ).toBeGreaterThan(0);
  });

  it('/v1/log has every entry once and in order, however it is read', async () => {
    await Promise.all(Array.from({ length: 40 }, () => may('alice', 'read', 'record-1')));
    const read = async (limit: number): Promise<{ id: string; kind: string }[]> => {
      const entries: { id: string; kind: string }[] = [];
      for (let after = '0.0'; ; ) {
        const { json } = await admin('GET', `/v1/log?limit=${limit}&after=${after}`);
        entries.push(...json.entries);
        if (json.entries.length < limit) return entries;
        after = json.next;
      }
    };
    const whole = await read(1_000);
    expect(await read(7)).toEqual(whole);
    const ids = whole.map(({ id }) => id);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(whole.map(({ kind }) => kind))).toEqual(new Set(['change', 'decision', 'search']));
  });

  it('/v1/stream says it as it is written, and ends with the service', async () => {
    const other = await run(join(EXAMPLES, 'authzen-certification'));
    const response = await fetch(`${other.url}/v1/stream`, {
      headers: { Authorization: `Bearer ${other.key('admin')}` },
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = '';
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended with ${text}`);
        text += decoder.decode(value);
      }
    };
    await until(/connected/);
    const decided = await other.send('POST', '/access/v1/evaluation', {
      subject: { type: 'user', id: 'alice' },
      action: { name: 'read' },
      resource: { type: 'record', id: 'record-1' },
    });
    await until(new RegExp(`id: ${decided.headers.get('X-Decision-Id')}\\nevent: decision\\ndata: \\{.*\\}\\n`));
    const closed = other.stop();
    for (let done = false; !done; ) ({ done } = await reader.read());
    await closed;
  });

  it('/v1/identities lists who took part, with the state of each', async () => {
    await may('alice', 'read', 'record-1');
    await may('stranger', 'read', 'record-1');
    const all = (await admin('GET', '/v1/identities')).json.identities;
    expect(all).toContainEqual(
      expect.objectContaining({ type: 'user', id: 'alice', state: 'active', flags: [], tools: ['read'] }),
    );
    expect(all).toContainEqual(
      expect.objectContaining({ type: 'user', id: 'stranger', state: 'unregistered', flags: ['unregistered'] }),
    );
    const page = (await admin('GET', '/v1/identities?limit=1')).json;
    const query = new URLSearchParams({ limit: '1', afterType: page.next.type, afterId: page.next.id });
    expect((await admin('GET', `/v1/identities?${query}`)).json.identities[0]).not.toEqual(page.identities[0]);
  });

  it('changes are on the record, with who made them', async () => {
    const { json } = await admin('GET', '/v1/log?limit=1000');
    const changes = json.entries.filter(({ kind }: { kind: string }) => kind === 'change');
    expect(new Set(changes.map(({ what }: { what: string }) => what))).toEqual(
      new Set([
        ...['credentials.issue', 'policy.activate', 'entities.put', 'entities.delete'],
        ...['revocations.add', 'revocations.lift'],
      ]),
    );
    expect(changes.find(({ what }: { what: string }) => what === 'revocations.lift')).toMatchObject({
      by: 'admin',
      detail: { liftedBecause: 'rotated' },
    });
  });
});

describe('bad input', () => {
  it.each<[string, string, unknown?]>([
    ['PUT', '/v1/entities', []],
    ['PUT', '/v1/entities', {}],
    ['PUT', '/v1/entities', [{ uid: { type: 'user' } }]],
    ['POST', '/v1/revocations', { kind: 'planet', target: 'x', reason: 'x' }],
    ['POST', '/v1/revocations', { kind: 'task', target: 'x' }],
    ['GET', '/v1/decisions?limit=0'],
    ['GET', '/v1/decisions?limit=many'],
    ['GET', '/v1/log?after=x'],
    ['GET', '/v1/identities?limit=100000'],
  ])('%s %s %j is a 400 that says where', async (method, path, body) => {
    const { status, json } = await admin(method, path, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: expect.stringContaining(':'),
    });
  });
});
