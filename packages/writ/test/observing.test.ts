import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, refusal } from './mcp-clients.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** A service that observes: calls through its gateway go through for a time that ends by itself. */

const MINUTE = 60_000;
const SERVER = join(import.meta.dirname, 'servers/plain.mjs');
const journal = join(mkdtempSync(join(tmpdir(), 'writ-observing-')), 'journal');
const did = (): string[] => {
  try {
    return readFileSync(journal, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

const BUNDLE = bundleOf({
  'writ.yaml': `
name: observed
tasks: { endWhenIdle: 24h }
gateway:
  servers:
    plain: { command: node, args: [${JSON.stringify(SERVER)}, ${JSON.stringify(journal)}] }
    held: { command: node, args: [${JSON.stringify(SERVER)}, ${JSON.stringify(journal)}], prefix: held_, pin: approve }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `
entity User, Agent, Tool;
action say, fails, stays appliesTo { principal: [User, Agent], resource: [Tool],
  context: { input?: { text?: String }, ledger: { seen: Set<String>, calls: Long } } };
action nothing appliesTo { principal: [User, Agent], resource: [Tool], context: {} };
action write appliesTo { principal: [User], resource: [Tool], context: {} };
`,
  'ledger.yaml':
    'accumulators: { seen: { key: lineage, window: 24h, set: labels }, calls: { key: originator, window: 24h, count: true } }',
  'tools.yaml': `
tools:
  say: { effects: [read], result: external }
  fails: { effects: [write], result: internal }
`,
  'policies/all.cedar': `
@id("says") permit (principal, action == Action::"say", resource);
@id("never") @reason("nobody does this") forbid (principal, action == Action::"fails", resource);
`,
});

let time = Date.parse('2026-06-01T10:00:00Z');
const clock = (): Date => new Date(time);

describe('a first start that observes', () => {
  let writ: Running;
  let client: Client;
  const call = (name: string, args: object = { text: 'a' }) =>
    client.callTool({ name, arguments: args as Record<string, unknown> });
  const last = async () =>
    (await writ.send('GET', '/v1/decisions?limit=1', undefined, { as: 'admin' })).json.decisions[0];

  beforeAll(async () => {
    writ = await run(BUNDLE, { clock, observeMs: 30 * MINUTE });
    client = await connectTo(writ.writ.gatewayUrl, writ.key('bot'));
  }, 60_000);
  afterAll(async () => {
    await client.close();
    await writ.stop();
  });

  it('says on every answer until when nothing is stopped', async () => {
    const until = '2026-06-01T10:30:00.000Z';
    const ready = await writ.send('GET', '/readyz', undefined, { as: null });
    expect(ready.json).toMatchObject({ state: 'ready', observing: until });
    expect((await writ.send('GET', '/v1/decisions', undefined, { as: 'admin' })).headers.get('x-writ-observing')).toBe(
      until,
    );
    expect(client.getInstructions()).toContain(`observes until ${until}`);
    expect(writ.writ.observingUntil?.toISOString()).toBe(until);
    const { code, out } = await command(
      ...['decisions', '--service', writ.url, '--key-file', join(writ.data, 'keys/admin.key')],
    );
    expect([code, out]).toEqual([0, expect.stringContaining('nothing is stopped')]);
  });

  it.each([
    ['a rule forbids', 'fails', { result: 'deny', reasons: [{ policy: 'never' }, { policy: 'never' }] }],
    ['no rule permits', 'stays', { result: 'deny', reasons: [], refusal: { code: 'not_permitted' } }],
    ['no rule sees the arguments of', 'nothing', { result: 'deny', refusal: { code: 'invalid_request' } }],
    ['the schema does not have', 'refuses', { result: 'deny', refusal: { code: 'unknown_action' } }],
  ])('lets through what %s, and records what the rules say', async (_what, tool, observed) => {
    const before = did().length;
    // The server of `stays` answers when the call is given up, and that of `refuses` with an error of its own.
    await client
      .callTool({ name: tool, arguments: { text: 'a' } }, { timeout: 300 })
      .catch((error: Error) => expect(error.message).not.toContain('permitted'));
    expect(did().slice(before)).toContain(tool);
    expect(await last()).toMatchObject({ result: 'allow', reasons: [], request: { action: { name: tool } }, observed });
  });

  it('counts and labels such calls', async () => {
    await call('say');
    const { ledger, observed } = await last();
    expect(observed).toBeUndefined();
    // Two of the four before failed, and gave back what they counted.
    expect(ledger).toMatchObject({ calls: 3, seen: expect.arrayContaining(['external', 'confidential']) });
  });

  it('lists all tools', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['say', 'fails', 'refuses', 'forbidden']));
  });

  it('explains such a call as what it would have been', async () => {
    await call('fails');
    const { id } = await last();
    const { out } = await command('explain', id, '--data', writ.data, '--bundle', BUNDLE);
    expect(out).toContain('Let through while the service observed');
    expect(out).toContain('never forbids it');
    expect(out).not.toContain('no forbid policy applied');
    const listed = await command(
      ...['decisions', '--service', writ.url, '--key-file', join(writ.data, 'keys/admin.key')],
    );
    expect(listed.out).toContain('observed: deny');
  });

  it('stops a tool that nobody approved', async () => {
    const before = did().length;
    expect((await refusal(call('held_say'))).message).toContain('approved');
    expect(did()).toHaveLength(before);
  });

  it('stops a revoked agent, a stranger, and whoever asks the service itself', async () => {
    expect(
      (
        await writ.send('POST', '/access/v1/evaluation', {
          subject: { type: 'User', id: 'ana' },
          action: { name: 'fails' },
          resource: { type: 'Tool', id: 'fails' },
        })
      ).json,
    ).toMatchObject({ decision: false });
    await expect(connectTo(writ.writ.gatewayUrl, 'no-key')).rejects.toThrow();
    const revoked = await writ.send(
      'POST',
      '/v1/revocations',
      { kind: 'identity', target: 'Agent::"bot"', reason: 'lost' },
      { as: 'admin' },
    );
    expect(revoked.status).toBeLessThan(300);
    const before = did().length;
    expect((await refusal(call('say'))).message).toContain('revoked');
    expect(did()).toHaveLength(before);
    await writ.send('DELETE', `/v1/revocations/${revoked.json.id}?reason=found`, undefined, { as: 'admin' });
  });

  it('ends by itself: the rules hold', async () => {
    time += 30 * MINUTE - 1;
    await expect(call('fails')).resolves.toMatchObject({ isError: true });
    time += 1;
    const error = await refusal(call('fails'));
    expect(error.message).toContain('nobody does this');
    expect((await writ.send('GET', '/readyz', undefined, { as: null })).json).not.toHaveProperty('observing');
    const ended = await writ.send('POST', '/v1/observation/end', undefined, { as: 'admin' });
    expect(ended.json).toEqual({ ended: false });
  });
});

describe('a later start', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'writ-observing-'));
    folders.push(made);
    return made;
  };
  /** Starts on a folder, and stops again. @returns until when it observed */
  const started = async (data: string, observeMs?: number): Promise<string | undefined> => {
    const { writ } = await run(BUNDLE, { data, clock, ...(observeMs === undefined ? {} : { observeMs }) });
    const until = writ.observingUntil?.toISOString();
    await writ.close();
    return until;
  };

  it('continues the time, and does not extend it', async () => {
    const data = folder();
    const until = await started(data, 30 * MINUTE);
    time += 10 * MINUTE;
    expect(await started(data, 60 * MINUTE)).toBe(until);
    time += 20 * MINUTE;
    expect(await started(data, 60 * MINUTE)).toBeUndefined();
  }, 60_000);

  it('says why it does not observe, if it was asked to', async () => {
    const data = folder();
    const why = async (options: object): Promise<string | undefined> => {
      const { writ } = await run(BUNDLE, { data, clock, ...options });
      await writ.close();
      return writ.notObserving;
    };
    expect(await why({ observeMs: 30 * MINUTE })).toBeUndefined();
    expect(await why({})).toBeUndefined();
    expect(await why({ observeMs: 30 * MINUTE })).toMatch(
      /^the observation of this data folder is over; it was to end at /,
    );
    const enforcing = { data: folder(), isObservingOptional: true };
    expect(await why(enforcing)).toBeUndefined();
    expect(await why({ ...enforcing, observeMs: MINUTE })).toBe('this data folder has enforced before');
  }, 60_000);

  it('does not observe once a start enforced', async () => {
    const data = folder();
    await started(data, 30 * MINUTE);
    expect(await started(data)).toBeUndefined();
    expect(await started(data, 30 * MINUTE)).toBeUndefined();
  }, 60_000);

  it('does not observe once somebody ended it', async () => {
    const data = folder();
    const writ = await run(BUNDLE, { data, clock, observeMs: 30 * MINUTE });
    expect((await writ.send('POST', '/v1/observation/end')).status).toBe(403);
    expect(writ.writ.observingUntil).toBeDefined();
    const ended = await writ.send('POST', '/v1/observation/end', undefined, { as: 'admin' });
    expect([ended.json, writ.writ.observingUntil]).toEqual([{ ended: true }, undefined]);
    await writ.writ.close();
    expect(await started(data, 30 * MINUTE)).toBeUndefined();
  }, 60_000);

  it('does not observe on a store from a backup, whose log can lack the end', async () => {
    const [data, to] = [folder(), `${folder()}/backup`];
    const { writ } = await run(BUNDLE, { data, clock, observeMs: 30 * MINUTE });
    expect((await command('data', 'backup', to, '--data', data)).code).toBe(0);
    await writ.close();
    const back = await command('data', 'restore', to, '--keys', join(data, 'keys'), '--data', data, '--replace');
    expect([back.code, back.out]).toEqual([0, expect.stringContaining('restored')]);
    expect(await started(data, 30 * MINUTE)).toBeUndefined();
    expect(await started(data, 30 * MINUTE)).toBeUndefined();
  }, 60_000);

  it('does not observe after the clock was set back', async () => {
    const data = folder();
    await started(data, 30 * MINUTE);
    time -= 20 * MINUTE;
    expect(await started(data, 30 * MINUTE)).toBeUndefined();
    time += 20 * MINUTE;
  }, 60_000);

  it('is refused on a folder that has enforced, and for longer than a day', async () => {
    const data = folder();
    await started(data);
    await expect(started(data, MINUTE)).rejects.toThrow('has enforced before');
    for (const ms of [25 * 60 * MINUTE, 0, -1, Number.NaN])
      await expect(started(folder(), ms)).rejects.toThrow('at most a day');
    await expect(run(BUNDLE, { data: folder(), clock, observeMs: MINUTE, follow: true })).rejects.toThrow();
  }, 60_000);
});
