import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { CommandSource } from './command-source.js';
import { HttpPlannerSource } from './http-source.js';
import { Planner } from './planner.js';

const QUESTION: Parameters<Planner['plan']>[0] = {
  prompt: 'Pay it',
  kind: 'pay',
  authorization_details: null,
  tools: [],
};
const GOOD = '{"authorization_details":[{"type":"writ_action","actions":["pay"],"uses":1}]}';
const command = (script: string, timeoutMs = 5_000): Planner =>
  new Planner(
    new CommandSource({ command: [process.execPath, '-e', script], cwd: tmpdir(), env: { ONE: 'x' } }),
    timeoutMs,
  );
const printing = (text: string): Planner => command(`process.stdout.write(${JSON.stringify(text)})`);

let server: Server | undefined;
afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

async function serving(status: number, body: string, more: Record<string, string> = {}): Promise<Planner> {
  server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status, more).end(body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new Planner(new HttpPlannerSource(`http://127.0.0.1:${port}/plan`, { Authorization: 'secret' }), 5_000);
}

describe('a planner', () => {
  it('is asked with the prompt, and answers with the elements of a mandate', async () => {
    const script = `let all = ''; process.stdin.on('data', (part) => { all += part; }).on('end', () => {
      const { prompt, kind } = JSON.parse(all);
      process.stdout.write(JSON.stringify({ authorization_details: [{ type: 'writ_action', actions: [kind], input: { note: { one_of: [prompt] } } }] }));
    });`;
    expect(await command(script).plan(QUESTION)).toEqual([
      { actions: ['pay'], input: { note: { one_of: ['Pay it'] } } },
    ]);
  });

  it('may not read its input, and still answers', async () => {
    const { plan } = { plan: printing(GOOD).plan({ ...QUESTION, prompt: 'x'.repeat(1_000_000) }) };
    expect(await plan).toEqual([{ actions: ['pay'], uses: 1 }]);
  });

  it('has none of the variables of the service but those that are declared', async () => {
    process.env.WRIT_PLANNER_TEST = 'a secret';
    const script = `process.stdout.write(JSON.stringify({ authorization_details: [{ type: 'writ_action', actions: Object.keys(process.env) }] }))`;
    const [terms] = await command(script).plan(QUESTION);
    delete process.env.WRIT_PLANNER_TEST;
    expect(terms?.actions).toContain('ONE');
    expect(terms?.actions).not.toContain('WRIT_PLANNER_TEST');
  });

  it.each([
    ['nothing', ''],
    ['prose', 'Sure! Here is the plan.'],
    ['a member twice', '{"authorization_details":[],"authorization_details":[]}'],
    ['a member that nobody knows', `{"note":1,${GOOD.slice(1)}`],
    ['an element that names nothing', '{"authorization_details":[{"type":"writ_action"}]}'],
    ['no element', '{"authorization_details":[]}'],
    ['another type', '{"authorization_details":[{"type":"all","actions":["pay"]}]}'],
    ['too deep', '['.repeat(1_000)],
    ['no UTF-8', '\ud800'],
  ])('proposes nothing by %s', async (_what, text) => {
    await expect(printing(text).plan(QUESTION)).rejects.toMatchObject({ problem: 'invalid_authorization_details' });
  });

  it.each([
    [
      'too long',
      `process.stdout.write(${JSON.stringify(GOOD)} + ' '.repeat(100_000)); setInterval(() => {}, 1_000)`,
      'more than 65536 bytes',
    ],
    ['a failure', `process.stdout.write(${JSON.stringify(GOOD)}); process.exitCode = 3`, 'ended with 3'],
  ])('proposes nothing by an answer that is %s', async (_what, script, why) => {
    await expect(command(script).plan(QUESTION)).rejects.toMatchObject({
      problem: 'access_denied',
      message: expect.stringContaining(why),
    });
  });

  it('is ended, with all that it started, when its time is over', async () => {
    const script = `const { pid } = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      require('node:fs').writeFileSync(process.env.ONE, String(pid)); setInterval(() => {}, 1000);`;
    const file = `${tmpdir()}/writ-planner-${process.pid}.pid`;
    const source = new CommandSource({ command: [process.execPath, '-e', script], cwd: tmpdir(), env: { ONE: file } });
    await expect(new Planner(source, 1_500).plan(QUESTION)).rejects.toMatchObject({ problem: 'access_denied' });
    const { readFileSync, rmSync } = await import('node:fs');
    const pid = Number(readFileSync(file, 'utf8'));
    rmSync(file);
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('that is not there proposes nothing', async () => {
    const source = new CommandSource({ command: ['/nowhere/planner'], cwd: tmpdir(), env: {} });
    await expect(new Planner(source, 5_000).plan(QUESTION)).rejects.toMatchObject({ problem: 'access_denied' });
  });

  it('makes four plans at once, and refuses more', async () => {
    const planner = command('setTimeout(() => process.exit(1), 500)');
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => planner.plan(QUESTION)));
    const refused = all.filter((one) => one.status === 'rejected' && /plans are being made/.test(String(one.reason)));
    expect(refused).toHaveLength(2);
  });

  it('can be a service', async () => {
    expect(await (await serving(200, GOOD)).plan(QUESTION)).toEqual([{ actions: ['pay'], uses: 1 }]);
  });

  it.each([
    ['an error', 500, GOOD, {}],
    ['a redirect', 302, GOOD, { Location: 'http://127.0.0.1:1/' }],
    ['too much', 200, `${GOOD}${' '.repeat(100_000)}`, {}],
  ])('that is a service proposes nothing by %s', async (_what, status, body, headers) => {
    await expect((await serving(status, body, headers)).plan(QUESTION)).rejects.toMatchObject({
      problem: 'access_denied',
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
