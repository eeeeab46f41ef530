import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { verifyState } from '../src/audit/state/replay/verify-state.js';
import { UNITS } from '../src/lib/duration.js';
import { openStoreToRead } from '../src/store/store.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** `writ ledger labels`, and labels that a store keeps for a time: by a service, over restarts. */

const FILES = {
  'writ.yaml': 'name: labels',
  'schema.cedarschema': `
entity User, Tool, Task, Store;
action declassify appliesTo { principal: [User], resource: [Task, Store], context: { input: { labels: Set<String>, reason: String } } };
type Origin = { confidentiality: Long, labels: Set<String> };
action read_web, read_note, list_notes, write_note, write_log, read_log appliesTo {
  principal: [User], resource: [Tool],
  context: { input?: { id?: String, text?: String }, tool: { effects: Set<String>, content?: Origin }, ledger: { seen: Set<String> } }
};`,
  'tools.yaml': `
tools:
  read_web: { effects: [read], result: { integrity: external, confidentiality: internal, labels: [pii] } }
  read_note: { effects: [read], reads: note, arguments: { id: target }, result: internal }
  list_notes: { effects: [read], reads: note, result: internal }
  write_note: { effects: [write], writes: note, arguments: { id: target, text: content }, result: internal }
  write_log: { effects: [write], writes: log, arguments: { id: target, text: content }, result: internal }
  read_log: { effects: [read], reads: log, arguments: { id: target }, result: internal }
stores: { log: { keep: 30d } }
`,
  'ledger.yaml': 'accumulators: { seen: { key: task, set: labels } }',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};

describe('labels of a store', () => {
  const folder = bundleOf(FILES);
  let ahead = 0;
  const clock = (): Date => new Date(Date.now() + ahead);
  let writ: Running;
  beforeAll(async () => {
    writ = await run(folder, { clock });
  });
  afterAll(() => writ.stop());
  const again = async (): Promise<void> => {
    await writ.writ.close();
    writ = await run(folder, { data: writ.data, clock });
  };

  const ask = async (task: string, name: string, input: object, result: unknown): Promise<string> => {
    const reply = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name },
      resource: { type: 'Tool', id: name },
      context: { input, task },
    });
    const id = reply.headers.get('x-decision-id') as string;
    expect((await writ.send('POST', '/v1/outcomes', { decisionId: id, status: 'completed', result })).status).toBe(204);
    return id;
  };
  const labels = (query: string, as: string | null = 'admin') =>
    writ.send('GET', `/v1/labels?${query}`, undefined, { as });
  /** Writes what the web said, and returns the decision. */
  const keep = async (tool: string, id: string): Promise<string> => {
    await ask(`writes ${id}`, 'read_web', {}, 'call ana on 030 1234');
    return ask(`writes ${id}`, tool, { id, text: 'call ana on 030 1234' }, 'written');
  };
  const stateProblems = async (): Promise<readonly unknown[]> => {
    const opened = openStoreToRead(writ.store);
    const { problems } = await verifyState(opened, () => NO_KEYS, clock());
    await opened.destroy();
    return problems;
  };

  it('are shown with the decision that brought each, and how to take them off', async () => {
    const first = await keep('write_note', 'Plans/A.md');
    const second = await keep('write_note', 'plans/b.md');
    const { json } = await labels('store=note&item=plans');
    // The task made the names up after it had read the web.
    expect(json.labels.filter(({ how }: { how: string }) => how === 'name')).toHaveLength(4);
    expect({ ...json, labels: json.labels.filter(({ how }: { how: string }) => how !== 'name') }).toMatchObject({
      of: 'note/plans',
      labels: [
        { label: 'external', on: 'note/plans/a.md', how: 'inside' },
        { label: 'pii', on: 'note/plans/a.md', how: 'inside' },
        { label: 'external', on: 'note/plans/b.md', how: 'inside' },
        { label: 'pii', on: 'note/plans/b.md', how: 'inside' },
      ],
      isMore: false,
      declassify: { of: { store: 'note', item: 'plans' }, labels: ['external', 'pii'] },
    });
    expect(json.decisions.map(({ id }: { id: string }) => id)).toEqual([second, first]);
    expect(json.decisions[0]).toMatchObject({
      action: 'write_note',
      brought: [
        { label: 'external', on: 'note/plans/b.md' },
        { label: 'pii', on: 'note/plans/b.md' },
      ],
    });
  });

  it('come a page of decisions at a time', async () => {
    const page = await labels('store=note&limit=1');
    expect(page.json.decisions).toHaveLength(1);
    const next = await labels(`store=note&limit=1&before=${page.json.next}`);
    expect(next.json.decisions).toHaveLength(1);
    expect(next.json.decisions[0].id).not.toBe(page.json.decisions[0].id);
  });

  it('are printed', async () => {
    const args = ['--service', writ.url, '--key-file', writ.writ.keyFileOf('admin')];
    const { code, out } = await command('ledger', 'labels', '--store', 'note', '--item', 'plans/a.md', ...args);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(
        /pii {2}note\/plans\/a\.md {2}for ever[\s\S]*writ explain ID[\s\S]*\n {2}01\w{24} {2}\S+ {2}write_note brought\s/,
      ),
    ]);
    expect((await command('ledger', 'labels', '--store', 'none', ...args)).out).toContain('none has no labels');
    expect((await command('ledger', 'labels', ...args)).code).toBe(2);
  });

  it.each([
    ['nothing', ''],
    ['a task and a store', 'task=a&store=note'],
    ['an item of a task', 'task=a&item=b'],
    ['a page that is not one', 'store=note&before=x'],
  ])('are not shown of %s', async (_what, query) => {
    expect((await labels(query)).status).toBe(400);
  });

  it('are shown to nobody without a key', async () => {
    expect((await labels('store=note', null)).status).toBe(401);
  });

  it('end after the time that the store keeps them, also over a restart, and not before', async () => {
    const begun = clock();
    await keep('write_log', 'l-1');
    const { json } = await labels('store=log');
    const [{ until }] = json.labels;
    expect(Date.parse(until) - begun.getTime()).toBeGreaterThanOrEqual(30 * UNITS.d);
    expect(Date.parse(until) - begun.getTime()).toBeLessThan(30.1 * UNITS.d);
    await again();
    expect((await labels('store=log')).json.labels).toEqual(json.labels);
    ahead = 29 * UNITS.d;
    await again();
    expect((await labels('store=log')).json.labels).toEqual(json.labels);
    expect(await stateProblems()).toEqual([]);
    ahead = 31 * UNITS.d;
    expect((await labels('store=log')).json.labels).toEqual([]);
    expect((await labels('store=note')).json.labels).not.toEqual([]);
    await again();
    expect((await labels('store=log')).json.labels).toEqual([]);
    expect(await stateProblems()).toEqual([]);
  });

  it('are taken off by a declassification, also after a restart', async () => {
    await keep('write_note', 'gone.md');
    const answer = await writ.send('POST', '/v1/declassifications', {
      ...{ subject: { type: 'User', id: 'ana' }, reason: 'reviewed' },
      ...(await labels('store=note&item=gone.md')).json.declassify,
    });
    expect(answer.status).toBe(200);
    for (let i = 0; i < 2; i += 1) {
      expect((await labels('store=note&item=gone.md')).json.labels).toEqual([]);
      expect((await labels('store=note&item=plans')).json.labels).not.toEqual([]);
      await again();
    }
    expect(await stateProblems()).toEqual([]);
  });
});
