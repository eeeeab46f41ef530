import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hookChecks } from '#writ/cli/doctor/hooks.js';
import { guardHooks } from '#writ/cli/guard-hooks.js';
import { EXAMPLES, type Running, run } from './running.js';

/** `writ guard install --hooks` on a machine with every client, and what `writ doctor` says of it. */

let writ: Running;
let home: string;
let flags: { readonly for: string; readonly service: string; readonly keyFile: string; readonly json: true };
beforeAll(async () => {
  const laptop = { agent: 'Agent::"agent"', for: 'User::"user"' };
  writ = await run(join(EXAMPLES, 'packs/coding-agent'), {
    callers: { laptop: { roles: ['enforcement-point'], obligations: [], detail: 'none', ...laptop } },
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await writ.stop();
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "writ hook's home "));
  for (const folder of ['.claude', '.codex', '.gemini', '.cursor']) mkdirSync(join(home, folder));
  vi.stubEnv('HOME', home);
  vi.stubEnv('CODEX_HOME', '');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  flags = { for: 'User::"user"', service: writ.url, keyFile: writ.writ.keyFileOf('laptop'), json: true };
  return () => rmSync(home, { recursive: true, force: true });
});

const FILES = {
  claude: '.claude/settings.json',
  codex: '.codex/hooks.json',
  gemini: '.gemini/settings.json',
  cursor: '.cursor/hooks.json',
} as const;
const textOf = (client: keyof typeof FILES): string => readFileSync(join(home, FILES[client]), 'utf8');

interface Entry {
  readonly hooks?: readonly Entry[];
  readonly command?: string;
  readonly onFailure?: string;
  readonly failClosed?: boolean;
  readonly timeout?: number;
}
const entriesOf = (client: keyof typeof FILES): Record<string, Entry[]> => JSON.parse(textOf(client)).hooks;

describe('writ guard install --hooks', () => {
  it('writes each client so that a failure stops the tool, and nothing with --dry-run', async () => {
    await guardHooks({ ...flags, dryRun: true });
    expect(Object.values(FILES).some((file) => existsSync(join(home, file)))).toBe(false);
    await guardHooks(flags);
    const claude = entriesOf('claude');
    expect(Object.keys(claude).sort()).toEqual(['PostToolUse', 'PostToolUseFailure', 'PreToolUse', 'UserPromptSubmit']);
    for (const [entry] of Object.values(claude)) expect(entry?.hooks?.[0]?.onFailure).toBe('block');
    for (const [entry] of Object.values(entriesOf('cursor'))) expect(entry?.failClosed).toBe(true);
    for (const client of ['codex', 'gemini'] as const)
      for (const [entry] of Object.values(entriesOf(client)))
        expect(entry?.hooks?.[0]?.command).toMatch(/ \|\| exit 2$/);
    expect(entriesOf('gemini').BeforeTool?.[0]?.hooks?.[0]?.timeout).toBe(15_000);
    for (const client of Object.keys(FILES) as (keyof typeof FILES)[])
      expect(textOf(client)).not.toContain(writ.key('laptop'));
  });

  it('keeps what is there, is the same when it is done again, and is undone', async () => {
    const before = `{
  // a comment
  "model": "opus",
  "hooks": { "PreToolUse": [{ "matcher": "Bash", "hooks": [{ "type": "command", "command": "mine" }] }] }
}
`;
    writeFileSync(join(home, FILES.claude), before);
    await guardHooks({ ...flags, client: ['claude-code'] });
    const after = textOf('claude');
    expect(after).toContain('// a comment');
    expect(after).toContain('"command": "mine"');
    await guardHooks({ ...flags, client: ['claude-code'] });
    expect(textOf('claude')).toBe(after);
    await guardHooks({ ...flags, client: ['claude-code'], undo: true });
    expect(textOf('claude')).not.toContain('writ-hook');
    expect(textOf('claude')).toContain('"command": "mine"');
    expect(textOf('claude')).toContain('// a comment');
    expect(existsSync(join(home, FILES.codex))).toBe(false);
  });

  it('leaves a file as it is that programs read in different ways', async () => {
    const text = '{ "hooks": {}, "hooks": {} }';
    writeFileSync(join(home, FILES.gemini), text);
    await expect(guardHooks({ ...flags, client: ['gemini-cli'] })).rejects.toThrow('given twice');
    expect(textOf('gemini')).toBe(text);
  });

  it.each([
    [{ client: ['vscode'] }, 'no hooks that Writ knows'],
    [{ client: ['codex'], managed: true }, 'no managed settings of codex'],
    [{ service: 'http://writ.example:7465' }, 'in the clear'],
    [{ service: 'writ' }, 'no URL'],
    [{ gatewayServer: ['a b'] }, 'no server of MCP'],
  ])('refuses %j', async (more, why) => {
    await expect(guardHooks({ ...flags, ...more })).rejects.toThrow(why);
  });
});

describe('writ doctor', () => {
  it('runs each hook as its client does, with a canary', async () => {
    await guardHooks(flags);
    const found = await hookChecks();
    expect(found.filter(({ level }) => level === 'wrong')).toEqual([]);
    expect(found.filter(({ what }) => what.includes('stopped a canary'))).toHaveLength(4);
    expect(found.find(({ level }) => level === 'warning')?.help).toContain('--dangerously-bypass-hook-trust');
  });

  it('names a hook that is not whole, one that reaches nothing, and a key that others can read', async () => {
    const key = join(home, 'a key');
    writeFileSync(key, 'x');
    chmodSync(key, 0o644);
    await guardHooks({ ...flags, client: ['cursor'], service: 'http://127.0.0.1:1', keyFile: key });
    const text = textOf('cursor').replace('"postToolUse"', '"other"');
    writeFileSync(join(home, FILES.cursor), text);
    const said = (await hookChecks()).map(({ level, what }) => `${level} ${what}`).join('\n');
    expect(said).toContain('has no hook of Writ for postToolUse');
    expect(said).toContain('others can read the key');
    expect(said).toMatch(/wrong cursor: its hook did not reach a decision: .*did not answer/);
  });
});
