import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commandHere as command } from './printed.js';

/** A bundle that grows: a second server, tools that nobody described, and members that somebody added. */

const home = mkdtempSync(join(tmpdir(), 'writ-second-'));
const folder = join(home, 'bundle');
const data = join(home, 'data');
const SERVER = join(import.meta.dirname, 'servers/plain.mjs');
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
const edit = (file: string, change: (before: string) => string): void =>
  writeFileSync(join(folder, file), change(text(file)));
const server = (journal: string): string[] => ['--', process.execPath, SERVER, join(home, journal)];

beforeAll(async () => {
  const { code, out } = await command(
    'init',
    folder,
    '--server',
    'first',
    '--no-prompts',
    '--owner',
    'lead',
    ...server('first'),
  );
  expect([code, out]).toEqual([0, expect.stringContaining('7 tools drafted')]);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('a second writ init', () => {
  it('adds a server, and leaves the rest', async () => {
    edit('writ.yaml', (before) => `${before}# the last line\n`);
    edit('tools.yaml', (before) => before.replace('  say:', '  # checked by Ana\n  say:'));
    const args = ['--api-key', 'k-5f3a9c77e1', '--mode', 'fast'];
    const added = await command('init', folder, '--server', 'second', '--data', data, ...server('second'), ...args);
    expect([added.code, added.out]).toEqual([0, expect.stringContaining('its tools begin with second_')]);
    const { gateway } = parse(text('writ.yaml'));
    expect(Object.keys(gateway.servers)).toEqual(['first', 'second']);
    expect(gateway.clients).toHaveProperty('agent');
    expect(text('writ.yaml')).toContain('# the last line');
    expect(text('tools.yaml')).toContain('# checked by Ana');
    // The lines for editors, and the schemas that they name.
    for (const file of ['writ.yaml', 'tools.yaml', 'ledger.yaml']) {
      const [named = ''] = /(?<=^# yaml-language-server: \$schema=)\S+/.exec(text(file)) ?? [];
      expect(JSON.parse(text(named)).title).toContain(file);
    }
    expect(Object.keys(parse(text('tools.yaml')).tools)).toEqual(expect.arrayContaining(['say', 'second_say']));
    expect(text('schema.cedarschema')).toContain('action "second_say"');
    // A key does not get into the bundle, and the other arguments do.
    expect(text('writ.yaml')).not.toContain('k-5f3a9c77e1');
    expect(gateway.servers.second.args).toEqual(expect.arrayContaining(['--api-key', '--mode', 'fast']));
    expect(readFileSync(join(data, 'keys/servers.json'), 'utf8')).toContain('k-5f3a9c77e1');
    expect((await command('check', folder)).out).toContain('0 errors, 0 warnings');
  });

  it('refuses a name that is taken, and a server that does not start', async () => {
    const before = text('writ.yaml');
    const again = await command('init', folder, '--server', 'second', '--data', data, ...server('second'));
    expect([again.code, again.out]).toEqual([2, expect.stringContaining('has a server second already')]);
    const gone = await command('init', folder, '--server', 'third', '--data', data, '--', 'no-such-command-here');
    expect([gone.code, gone.out]).toEqual([2, expect.stringContaining('the server third cannot be added')]);
    const nothing = await command('init', folder);
    expect([nothing.code, nothing.out]).toEqual([2, expect.stringContaining('is a bundle already')]);
    expect(text('writ.yaml')).toBe(before);
  });
});

describe('writ schema from-mcp --write', () => {
  it('keeps members that somebody added to a generated action', async () => {
    edit('schema.cedarschema', (before) =>
      before.replace(/(action "say" .*), provenance: Provenance \}/, '$1, provenance: Provenance, now: datetime }'),
    );
    expect(text('schema.cedarschema')).toContain('now: datetime');
    const written = await command('bundle', 'schema', folder, '--write', '--data', data);
    expect(written.code).toBe(0);
    expect(text('schema.cedarschema')).toMatch(/action "say" .*now: datetime \} \};/);
    expect((await command('check', folder)).out).toContain('0 errors, 0 warnings');
  });

  it('describes tools that tools.yaml lacks, which are the cause of a denial until then', async () => {
    edit('tools.yaml', (before) => before.replace(/ {2}second_say:\n(?: {4}.*\n)*/, ''));
    expect(parse(text('tools.yaml')).tools).not.toHaveProperty('second_say');
    const checked = await command('check', folder);
    expect(checked.out).toContain('second_say is not described, so it counts as a tool that does anything');
    const trace = join(home, 'trace.jsonl');
    const call = (tool: string) => ({ tool, args: { text: 'a' }, result: 'a' });
    writeFileSync(trace, JSON.stringify({ task: 't', principal: 'agent', calls: [call('say'), call('second_say')] }));
    const why = async (): Promise<string[]> => {
      const { out } = await command('bundle', 'replay', '--bundle', folder, '--trace', trace, '--json');
      return JSON.parse(out).tasks[0].calls.map((one: { result: string; why: string }) => `${one.result}: ${one.why}`);
    };
    const [said, stopped] = await why();
    expect(said).toMatch(/^allow/);
    expect(stopped).toMatch(/^step_up: .*\[guard-pay\]; the tool is not described in tools.yaml/);
    const written = await command('bundle', 'schema', folder, '--write', '--data', data);
    expect([written.code, written.out]).toEqual([
      0,
      expect.stringContaining('added to tools.yaml, from names: second_say'),
    ]);
    expect((await command('check', folder)).out).toContain('0 errors, 0 warnings');
    expect((await why())[1]).not.toContain('not described');
  });
});
