import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyCheckout, ROOT } from './checkout-copy.js';
import { command } from './processes.js';
import { stepsIn } from './readme-steps.js';

/** README.md's commands and its edit, in its order, on a copy of the checkout. */

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const EXAMPLE = 'examples/support-desk';
const PORT = /127\.0\.0\.1:7465/g;
const READY = /Stop with Ctrl-C/;
const LIMIT_MS = 60_000;

interface Ran {
  readonly command: string;
  readonly code: number | null | undefined;
  readonly out: string;
}

const { INIT_CWD: _folder, ...environment } = process.env;
let copy: string;
let demo: ChildProcess | undefined;
const ran: Ran[] = [];

/** Runs a command to its end, or until its output matches. */
function run(command: string, until?: RegExp): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { ...environment, NO_COLOR: '1' };
    // A group of its own, so that npm and its child get the signal that Ctrl-C sends to both.
    const child = spawn('sh', ['-c', command], { cwd: copy, env, detached: true });
    const timer = setTimeout(() => reject(new Error(`${command} took more than ${LIMIT_MS} ms: ${out}`)), LIMIT_MS);
    let out = '';
    const end = (code: number | null | undefined): void => {
      clearTimeout(timer);
      resolve({ command, code, out });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        out += String(chunk);
        if (until?.test(out)) end(undefined);
      });
    }
    child.on('close', end);
    if (until !== undefined) demo = child;
  });
}

async function stopDemo(): Promise<void> {
  if (demo?.pid === undefined || demo.exitCode !== null) return;
  const ended = once(demo, 'close');
  process.kill(-demo.pid, 'SIGINT');
  await ended;
}

/** Fills in what a reader takes from the screen: the decision that the demo named, and the address of its service. */
function filledIn(command: string): string {
  const shown = ran.findLast(({ command }) => command.startsWith('npm start'))?.out ?? '';
  const id = /writ explain (\S+)/.exec(shown)?.[1] ?? 'no decision was named';
  const service = /http:\/\/(127\.0\.0\.1:\d+)\s+AuthZEN/.exec(shown)?.[1] ?? 'no service was named';
  return command.replace('explain ID', `explain ${id}`).replace(PORT, service);
}

async function follow(command: string): Promise<void> {
  if (command !== 'npm start') {
    ran.push({ ...(await run(filledIn(command))), command });
    return;
  }
  await stopDemo();
  // A reader's port is free; here another test, or another checkout, may be on it.
  ran.push({ ...(await run('npm start -- --port 0', READY)), command });
}

beforeAll(async () => {
  copy = copyCheckout();
  for (const step of stepsIn(README)) {
    if ('file' in step) {
      const file = join(copy, EXAMPLE, step.file);
      const text = readFileSync(file, 'utf8');
      expect(text.split(step.from)).toHaveLength(2);
      writeFileSync(file, text.replace(step.from, step.to));
    } else if (!/^git clone |^npm test$/.test(step.command)) {
      await follow(step.command);
    }
  }
}, 3 * LIMIT_MS);
afterAll(async () => {
  await stopDemo();
  if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
});

const all = (start: string): Ran[] => ran.filter(({ command }) => command.startsWith(start));
const denied = ({ out }: Ran): string[] => [...out.matchAll(/^ {2}(\S+) .* deny /gm)].map(([, tool]) => String(tool));

describe('README.md', () => {
  it('has the commands that are looked at here', () => {
    expect(ran.map(({ command }) => command.split(' ').slice(0, 3).join(' '))).toEqual([
      'npm start',
      'npx writ explain',
      'npx writ check',
      'npx writ test',
      'npm start',
      'curl -s http://127.0.0.1:7465/access/v1/evaluation',
    ]);
  });

  it('stops the four calls that it names, and no others', () => {
    const [first] = all('npm start');
    expect(README.replace(/\s+/g, ' ')).toContain('Four are stopped');
    expect(first?.out).toContain('11 allowed, 4 denied. No denied call reached its server.');
    expect(denied(first as Ran)).toEqual(['send_email', 'refund_order', 'read_text_file', 'deploy_release']);
  });

  it('shows what the demo prints', () => {
    const shown = /^```\n(hijacked:.*?)^```$/ms.exec(README)?.[1];
    expect(all('npm start')[0]?.out).toContain(shown ?? 'README has no such block');
  });

  it('has a command that says why', () => {
    const [explained] = all('npx writ explain');
    expect([explained?.code, explained?.out]).toEqual([0, expect.stringContaining('no-personal-data-outside')]);
  });

  it('lets the third refund through once its limit is raised', () => {
    const [checked] = all('npx writ check');
    expect([checked?.code, checked?.out]).toEqual([0, expect.any(String)]);
    const [tested] = all('npx writ test');
    expect(README.replace(/\s+/g, ' ')).toContain('two tests say where the limit is');
    expect([tested?.code, tested?.out]).toEqual([1, expect.stringMatching(/\b2 failed/)]);
    const [, second] = all('npm start');
    expect(second?.out).toContain('12 allowed, 3 denied. No denied call reached its server.');
    expect(denied(second as Ran)).toEqual(['send_email', 'read_text_file', 'deploy_release']);
  });

  it('asks a decision point that answers', () => {
    const [asked] = all('curl');
    const reasons = expect.arrayContaining([expect.objectContaining({ policy: 'only-the-release-team-deploys' })]);
    expect(JSON.parse(/\{.*\}/.exec(asked?.out ?? '')?.[0] ?? '{}')).toMatchObject({
      decision: false,
      context: { reasons },
    });
  });
});

it('docs/commands.md has every command that `writ --help` lists', async () => {
  const { out } = await command('--help');
  const verbs = [...out.matchAll(/^ {2}([a-z][a-z-]+)(?: |$)/gm)].map(([, verb]) => String(verb));
  const text = readFileSync(join(ROOT, 'docs/commands.md'), 'utf8');
  expect(verbs.length).toBeGreaterThan(10);
  expect(verbs.filter((verb) => verb !== 'help' && !text.includes(`\`writ ${verb}`))).toEqual([]);
});
