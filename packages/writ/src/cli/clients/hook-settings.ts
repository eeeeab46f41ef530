import { join } from 'node:path';
import { applyEdits, type JSONPath, modify } from 'jsonc-parser';
import { shellWord } from '../shell-word.js';
import { parsed } from './entries.js';

type Json = Readonly<Record<string, unknown>>;

/** The settings of a client for its hooks. */
export interface HookSettings {
  /** The name that `--client` takes, and the one that the service has for it. */
  readonly client: string;
  readonly dialect: 'claude' | 'codex' | 'gemini' | 'cursor';
  /** The folder that the client keeps in the home of its user. */
  readonly folder: (home: string) => string;
  readonly file: string;
  /** The file of the administrator, which no user changes; undefined if Writ knows of none. */
  readonly managed: (platform: NodeJS.Platform) => string | undefined;
  /** The members that the file has beside the hooks; in a managed file those too that make it count alone. */
  readonly beside: (isManaged: boolean) => Json;
  /** The events that the hook is for, each with whether it takes a pattern of tools. */
  readonly events: Readonly<Record<string, boolean>>;
  /** A case in which the client does not run its hook. */
  readonly caution?: { readonly what: string; readonly help: string };
  /** Returns the entry of the hook. */
  readonly entry: (command: string, hasPattern: boolean) => Json;
}

/** In seconds. The hook answers sooner, whatever happens: a client that waits no longer runs the tool. */
const TIMEOUT_S = 15;
const grouped = (hook: Json, matcher: string | undefined): Json =>
  matcher === undefined ? { hooks: [hook] } : { matcher, hooks: [hook] };
const OF_CLAUDE = { UserPromptSubmit: false, PreToolUse: true, PostToolUse: true };

export const HOOK_SETTINGS: readonly HookSettings[] = [
  {
    client: 'claude-code',
    dialect: 'claude',
    folder: (home) => join(home, '.claude'),
    file: 'settings.json',
    managed: (platform) =>
      platform === 'darwin'
        ? '/Library/Application Support/ClaudeCode/managed-settings.json'
        : '/etc/claude-code/managed-settings.json',
    beside: (isManaged) => (isManaged ? { allowManagedHooksOnly: true } : {}),
    events: { ...OF_CLAUDE, PostToolUseFailure: true },
    entry: (command, hasPattern) =>
      grouped({ type: 'command', command, timeout: TIMEOUT_S, onFailure: 'block' }, hasPattern ? '*' : undefined),
  },
  {
    client: 'codex',
    dialect: 'codex',
    folder: (home) => join(home, '.codex'),
    file: 'hooks.json',
    managed: () => undefined,
    caution: {
      what: 'it runs no hook that its user has not trusted, and says nothing',
      help: 'review the hook with /hooks in Codex; `codex exec` needs --dangerously-bypass-hook-trust',
    },
    beside: () => ({}),
    events: OF_CLAUDE,
    entry: (command, hasPattern) =>
      grouped({ type: 'command', command, timeout: TIMEOUT_S }, hasPattern ? '*' : undefined),
  },
  {
    client: 'gemini-cli',
    dialect: 'gemini',
    folder: (home) => join(home, '.gemini'),
    file: 'settings.json',
    managed: (platform) =>
      platform === 'darwin' ? '/Library/Application Support/GeminiCli/settings.json' : '/etc/gemini-cli/settings.json',
    beside: () => ({}),
    events: { BeforeAgent: false, BeforeTool: true, AfterTool: true },
    entry: (command, hasPattern) =>
      grouped({ name: 'writ', type: 'command', command, timeout: TIMEOUT_S * 1_000 }, hasPattern ? '*' : undefined),
  },
  {
    client: 'cursor',
    dialect: 'cursor',
    folder: (home) => join(home, '.cursor'),
    file: 'hooks.json',
    managed: (platform) =>
      platform === 'darwin' ? '/Library/Application Support/Cursor/hooks.json' : '/etc/cursor/hooks.json',
    beside: () => ({ version: 1 }),
    events: { beforeSubmitPrompt: false, preToolUse: false, postToolUse: false, postToolUseFailure: false },
    entry: (command) => ({ command, timeout: TIMEOUT_S, failClosed: true }),
  },
];

/** Returns the files that the hooks of a client can be in. */
export function filesOf(
  { client, folder, file, managed }: HookSettings,
  home: string,
  platform: NodeJS.Platform,
): string[] {
  return [join(homeOf(client, folder(home)), file), managed(platform)].filter((path) => path !== undefined);
}

/** Returns the folder of a client, which Codex can have elsewhere. */
export function homeOf(client: string, folder: string): string {
  const { CODEX_HOME } = process.env;
  return client !== 'codex' || CODEX_HOME === undefined || CODEX_HOME === '' ? folder : CODEX_HOME;
}

/** Returns the command of the hook of a client: if it cannot be started, the shell ends with the status that stops the tool. */
export function hookCommand(words: readonly string[]): string {
  return `${words.map(shellWord).join(' ')} || exit 2`;
}

/** Returns the file of the key that a command of ours names: its last word. */
export function keyFileIn(command: string): string | undefined {
  const [, quoted, plain] = /(?:'((?:[^']|'\\'')*)'|(\S+)) \|\| exit 2$/.exec(command) ?? [];
  return quoted?.replaceAll("'\\''", "'") ?? plain;
}

/** Returns the commands of our hooks in a configuration, by event. @throws {ClientConfigError} if it cannot be read */
export function hooksIn({ events }: HookSettings, file: string, text: string): ReadonlyMap<string, string> {
  const { hooks } = parsed(file, text) as { hooks?: Readonly<Record<string, unknown>> };
  return new Map(
    Object.keys(events).flatMap((event): [string, string][] => {
      const ours = listOf(hooks?.[event])
        .map(ourCommand)
        .find((command) => command !== undefined);
      return ours === undefined ? [] : [[event, ours]];
    }),
  );
}

/** Returns the text with our hook for each event, in place of one that it has. Everything else, comments too, is unchanged. */
export function withHooks(
  settings: HookSettings,
  file: string,
  before: string,
  command: string,
  isManaged: boolean,
): string {
  const { events, entry, beside } = settings;
  let text = withoutHooks(settings, file, before, isManaged);
  for (const [event, hasPattern] of Object.entries(events)) {
    const { hooks } = parsed(file, text) as { hooks?: Readonly<Record<string, unknown>> };
    const list = listOf(hooks?.[event]);
    text = edited(text, ['hooks', event], [...list, entry(command, hasPattern)]);
  }
  for (const [name, value] of Object.entries(beside(isManaged))) text = edited(text, [name], value);
  return text;
}

/** Returns the text without our hooks. @throws {ClientConfigError} if it cannot be read */
export function withoutHooks(
  { events, beside }: HookSettings,
  file: string,
  before: string,
  isManaged: boolean,
): string {
  let text = before === '' ? '{}\n' : before;
  for (const event of Object.keys(events)) {
    const { hooks } = parsed(file, text) as { hooks?: Readonly<Record<string, unknown>> };
    const list = listOf(hooks?.[event]);
    const others = list.filter((one) => ourCommand(one) === undefined);
    if (others.length < list.length) text = edited(text, ['hooks', event], others.length === 0 ? undefined : others);
  }
  if (isManaged)
    for (const name of Object.keys(beside(true)))
      if (!Object.hasOwn(beside(false), name)) text = edited(text, [name], undefined);
  return text;
}

function edited(text: string, path: JSONPath, value: unknown): string {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const formattingOptions = { insertSpaces: !indent.includes('\t'), tabSize: indent.length, eol: '\n' };
  return applyEdits(text, modify(text, path, value, { formattingOptions }));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the command of our hook in an entry; undefined if the entry is somebody else's. */
function ourCommand(entry: unknown): string | undefined {
  const { command, hooks } = (entry ?? {}) as { command?: unknown; hooks?: unknown };
  const commands = [command, ...listOf(hooks).map((hook) => ((hook ?? {}) as { command?: unknown }).command)];
  return commands.find((one): one is string => typeof one === 'string' && /[\\/]writ-hook'? /.test(one));
}
