import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as cedar from '../packages/cedar/src/index.js';
import { parseJson } from '../packages/cedar/src/json.js';
import * as sdk from '../packages/sdk/src/index.js';
import { type FakeService, fakeService } from '../packages/sdk/test/fake-service.js';
import { leafHash } from '../packages/writ/src/audit/tlog/hashes.js';
import { commandHere } from '../packages/writ/test/printed.js';
import { type Running, run } from '../packages/writ/test/running.js';

/** Every `@example` of a doc comment runs, and gives what its comment `// value` says; `…` in it stands for any text. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Examples that show one line of a longer story: they need what only a service has. */
const NOT_RUN = ['src/index.ts', 'replay/replay.ts', 'store/sqlite.ts', 'store/store.ts', 'transaction-token.ts'];
const AsyncFunction = (async () => undefined).constructor as new (
  ...parts: string[]
) => (...values: unknown[]) => Promise<unknown>;

/** Returns a text as a regular expression that matches it alone. */
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

interface Example {
  readonly file: string;
  readonly code: string;
  /** The value that its last comment names; undefined if it names none. */
  readonly value: string | undefined;
}

function examplesIn(file: string): Example[] {
  return [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*\*\//g)].flatMap(([comment]) =>
    comment
      .split('@example')
      .slice(1)
      .map((part) => {
        const text = part
          .replace(/\*\/$/, '')
          .replace(/^\s*\* ?/gm, '')
          .replace(/\n@[\s\S]*/, '')
          .trim();
        const [code, value] = text.split(/ \/\/ (?=[^\n]*$)/);
        return { file, code: code as string, value };
      }),
  );
}

const EXAMPLES = ['cedar', 'sdk', 'writ'].flatMap((name) =>
  readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => examplesIn(join('packages', name, 'src', file))),
);

const nothing = (): undefined => undefined;

/** Returns the names that an example may use in addition to those of its own file. */
async function world(writ: Running, permitting: FakeService): Promise<Record<string, unknown>> {
  const policies = cedar.compile({
    schema: 'entity User; entity Photo { public: Bool }; action view appliesTo { principal: User, resource: Photo };',
    policies: '@id("ana") permit(principal == User::"ana", action, resource) when { resource.public };',
  });
  const entities = cedar.Entities.fromJson([
    { uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [] },
    { uid: { type: 'Photo', id: '1' }, attrs: { public: true }, parents: [] },
  ]);
  const request = {
    principal: { type: 'User', id: 'ana' },
    action: { type: 'Action', id: 'view' },
    resource: { type: 'Photo', id: '1' },
    context: {},
  };
  const entity = new cedar.Entity('User', 'ana');
  const client = new sdk.TokenClient({ service: writ.url, key: writ.key('orchestrator'), trustDomain: 'shop.example' });
  const task = await client.begin({ credential: { token: writ.key('planner-for-ana') }, scope: ['refund'] });
  const myKey = await sdk.ProofKey.make();
  const tokens = {
    key: writ.key('orchestrator'),
    userToken: writ.key('planner-for-ana'),
    agentKey: writ.key('helper'),
  };
  const others = { known: entity.attributes, reads: [], url: `${writ.url}/livez`, leafHash, seed: Buffer.alloc(32) };
  const links = { task, myKey, helperThumbprint: myKey.thumbprint, decision: true, context: undefined };
  const application = {
    writ: sdk.createWrit({ url: permitting.url, key: 'key' }),
    refunds: { pay: ({ amount }: { amount: number }) => ({ paid: amount }) },
    ...{ app: { get: nothing, addHook: nothing }, router: { get: nothing }, handler: nothing },
    ...{ generateText: nothing, createAgent: nothing, query: nothing, Agent: class {} },
    ...{ model: {}, prompt: 'go', tools: [], subject: { type: 'User', id: 'ana' } },
  };
  return {
    ...{ ...cedar, parseJson, ...sdk, policies, entities, request, entity },
    ...{ ...tokens, ...others, ...links, ...application },
  };
}

describe('examples of doc comments', () => {
  let writ: Running;
  let permitting: FakeService;
  beforeAll(async () => {
    writ = await run(join(ROOT, 'examples/delegation'));
    permitting = await fakeService();
    permitting.answers = () => ({ headers: { 'X-Decision-Id': 'D1' }, body: { decision: true } });
  });
  afterAll(async () => {
    await permitting.close();
    await writ.stop();
  });

  it('are found', () => {
    expect(EXAMPLES.length).toBeGreaterThan(15);
    for (const file of NOT_RUN) expect(EXAMPLES.filter((one) => one.file.endsWith(file))).toHaveLength(1);
  });

  it.each(EXAMPLES.filter(({ file }) => !NOT_RUN.some((name) => file.endsWith(name))))(
    '$file: $code',
    async ({ file, code, value }) => {
      const names = { ...(await world(writ, permitting)), ...(await import(join(ROOT, file))) };
      const own = Object.keys(names).filter((name) => !new RegExp(`const ${name}\\b`).test(code));
      const body = code.replace('http://127.0.0.1:7465', writ.url);
      const isExpression = !/^(const|try|return)\b/.test(code);
      const example = new AsyncFunction(...own, isExpression ? `return (${body.replace(/;$/, '')})` : body);
      const result = await example(...own.map((name) => names[name as keyof typeof names]));
      if (value === undefined) return;
      const text = value.split('; ')[0] as string;
      if (text.includes('…')) {
        expect(String(result)).toMatch(
          new RegExp(`^${text.replace(/^'|'$/g, '').split('…').map(escaped).join('.+')}$`),
        );
        return;
      }
      const expected = await new AsyncFunction(`return (${text})`)();
      if (typeof expected === 'object') expect(result).toMatchObject(expected as object);
      else expect(result).toBe(expected);
    },
  );
});

describe('the examples of docs/tools.md, "Recorded tasks"', () => {
  const [, section = ''] = readFileSync(join(ROOT, 'docs/tools.md'), 'utf8').split('\n## Recorded tasks\n');
  const blocks = [...section.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map(([block]) =>
    block.replace(/^ {4}/gm, '').trim(),
  );
  const [trace = '', kinds = '', ...sessions] = blocks;
  const account = 'DE89370400440532013000';
  const folder = mkdtempSync(join(tmpdir(), 'writ-recorded-'));
  beforeAll(() => {
    cpSync(join(ROOT, 'examples/packs/guarded-agent'), join(folder, 'my-bundle'), { recursive: true });
    writeFileSync(join(folder, 'my-bundle/tasks.yaml'), kinds);
    writeFileSync(join(folder, 'bills.jsonl'), trace);
    const invoices = ['i-1', 'i-2'].map((id) => ({ id, account }));
    writeFileSync(join(folder, 'invoices.json'), JSON.stringify(invoices));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(sessions.map((session) => session.split('\n\n')))('%s', async (line = '', ...said) => {
    const [name, ...given] = line
      .split(' ')
      .map((word) => word.replace(/^(my-bundle|bills|invoices)(?=$|\.json)/, join(folder, '$1')));
    expect(name).toBe('writ');
    const { code, out } = await commandHere(...given);
    // The lines of the example move when somebody adds a tool; label.test.ts holds lines.
    const plain = (text: string): string => text.trim().replace(/tools\.yaml:[0-9]+/g, 'tools.yaml:N');
    expect([code, plain(out)]).toEqual([0, plain(said.join('\n\n'))]);
  });

  it('are two', () => {
    expect(sessions).toHaveLength(2);
  });
});
