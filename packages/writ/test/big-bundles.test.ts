import { afterEach, describe, expect, it } from 'vitest';
import { policies, SCHEMA } from '../../../bench/reload/policies.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** Bundles that are large, or made to do harm, while decisions are made. The stalls are measured by `npm run bench -- reload`. */

const READ = { subject: { type: 'User', id: 'u1' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
const SMALL = {
  'writ.yaml': 'name: big',
  'schema.cedarschema': SCHEMA,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};

/** A schema whose types are short to write, and 2^26 members when they are written out. */
function doubled(): string {
  const types = Array.from({ length: 26 }, (_, i) => `type T${i + 1} = { a: T${i}, b: T${i} };`);
  return `type T0 = { a: Long };\n${types.join('\n')}\n${SCHEMA.replace('size: Long', 'size: Long, all: T26')}`;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function running(reading = {}): Promise<{ writ: Running; folder: string }> {
  const folder = bundleOf(SMALL);
  const writ = await run(folder, { reading });
  stops.push(() => writ.stop());
  return { writ, folder };
}

/** Reloads, and decides one after another until that is over. */
async function deciding(writ: Running) {
  let isOver = false;
  const reload = writ.send('POST', '/v1/policy/reload', undefined, { as: 'admin' }).finally(() => {
    isOver = true;
  });
  const decisions: boolean[] = [];
  while (!isOver) decisions.push((await writ.send('POST', '/access/v1/evaluation', READ)).json.decision);
  return { reload: await reload, decisions };
}

const decides = async (writ: Running) => (await writ.send('POST', '/access/v1/evaluation', READ)).json.decision;

describe('a reload', () => {
  it('of thousands of policies is prepared while decisions are made, and then counts for all', async () => {
    const { writ, folder } = await running();
    writeBundle(folder, { ...SMALL, 'policies/all.cedar': policies(3_000) });
    const { reload, decisions } = await deciding(writ);
    expect([reload.status, reload.json.policies?.length]).toEqual([200, 3_000]);
    expect(decisions.filter((decision) => decision).length).toBeGreaterThan(3);
    expect(await decides(writ)).toBe(false);
    const { json } = await writ.send('GET', '/v1/policy', undefined, { as: 'admin' });
    expect(json.policies[4]).toEqual({
      id: 'p4',
      effect: 'permit',
      annotations: { id: 'p4' },
      file: 'policies/all.cedar',
    });
  });

  it.each([
    [
      'a policy of 1 MB',
      {
        'policies/all.cedar': `@id("a") permit(principal, action, resource) when { [${'"value",'.repeat(130_000)}"z"].contains("z") };`,
      },
      /1040074 characters; the limit is 32768/,
    ],
    [
      'an expression that nests deep',
      {
        'policies/all.cedar': `@id("a") permit(principal, action, resource) when { ${'('.repeat(5_000)}true${')'.repeat(5_000)} };`,
      },
      /nested deeper than/,
    ],
    [
      'a `like` of 100,000 wildcards',
      {
        'policies/all.cedar': `@id("a") permit(principal, action, resource) when { principal.dept like "${'a*'.repeat(100_000)}" };`,
      },
      /characters; the limit is 32768/,
    ],
    [
      'a schema that is too long',
      { 'schema.cedarschema': `${SCHEMA}${'// and so on\n'.repeat(100_000)}` },
      /the file has 1.3 MiB; the limit is 1/,
    ],
    [
      'a schema that multiplies',
      { 'schema.cedarschema': doubled() },
      /more than 1,000,000 parts with its types written out/,
    ],
  ])('of %s is refused, and what was served is served on', async (_, files, why) => {
    const { writ, folder } = await running();
    writeBundle(folder, { ...SMALL, ...files });
    const { reload, decisions } = await deciding(writ);
    expect([reload.status, JSON.stringify(reload.json.findings)]).toEqual([422, expect.stringMatching(why)]);
    expect([decisions.every((decision) => decision), await decides(writ)]).toEqual([true, true]);
  });

  it('of more policies than its deadline is enough for overruns: it is refused, and a mended bundle follows', async () => {
    const { writ, folder } = await running({ deadlineMs: 6_000, memoryMib: 512 });
    writeBundle(folder, { ...SMALL, 'policies/all.cedar': policies(20_000) });
    const { reload, decisions } = await deciding(writ);
    const why = /not read, checked and compiled within 6 s|ended; it may have 512 MiB of memory/;
    expect([reload.status, JSON.stringify(reload.json.findings)]).toEqual([422, expect.stringMatching(why)]);
    expect(decisions.every((decision) => decision)).toBe(true);
    const ready = await writ.send('GET', '/readyz', undefined, { as: null });
    expect([ready.status, ready.json.state]).toEqual([200, 'stale']);
    writeBundle(folder, { ...SMALL, 'policies/all.cedar': policies(10) });
    expect((await deciding(writ)).reload.status).toBe(200);
    expect(await decides(writ)).toBe(false);
  });

  it('is given up when the service stops', async () => {
    const { writ, folder } = await running();
    writeBundle(folder, { ...SMALL, 'policies/all.cedar': policies(20_000) });
    const reload = writ.writ.reload().then(
      () => 'served',
      () => 'given up',
    );
    await decides(writ);
    await stops.pop()?.();
    expect(await reload).toBe('given up');
  });
});
