import { readTextFile } from '../../lib/text-file.js';
import { guardIn, membersIn } from './entries.js';
import type { ClientConfig } from './known.js';

/** The place of a server in the configuration of a client. */
export interface ServerPlace {
  readonly client: string;
  readonly file: string;
  /** Path of the object with the servers. */
  readonly path: readonly string[];
  /** The name that the client has for it. */
  readonly name: string;
}

/** A server as the configuration of a client declares it. */
export interface DeclaredServer {
  readonly place: ServerPlace;
  readonly command?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether it has only the transport of MCP 2024-11-05. */
  readonly isSse: boolean;
  /** Why it cannot be started from here; undefined if it can. */
  readonly problem?: string;
}

type Json = Readonly<Record<string, unknown>>;

/** The name of the gateway in the configuration of a client. */
export const GATEWAY_ENTRY = 'writ';

/** Returns the servers of a configuration, without the gateway of Writ and those that are switched off. @throws {ClientConfigError} */
export function declaredServers(config: ClientConfig): DeclaredServer[] {
  return membersIn(config, readTextFile(config.file))
    .filter(([name, { disabled, enabled }]) => name !== GATEWAY_ENTRY && disabled !== true && enabled !== false)
    .map(([name, value]) => declared(config, name, value));
}

function declared(config: ClientConfig, name: string, value: Json): DeclaredServer {
  const filled = (text: string): string => filledFor(config.client, text);
  const { command: given, args, env, cwd, url, serverUrl, httpUrl, headers, http_headers, type } = value;
  const place = { ...config, name };
  const whole = typeof given === 'string' ? [given, ...(Array.isArray(args) ? args.map(String) : [])] : [];
  const [command, ...rest] = (guardIn(whole) ?? whole).map(filled);
  const address = [url, serverUrl, httpUrl].find((one) => typeof one === 'string');
  const server: DeclaredServer = {
    place,
    ...(command === undefined ? {} : { command }),
    ...(command === undefined && typeof address === 'string' ? { url: filled(address) } : {}),
    args: rest,
    env: textsIn(env, filled),
    ...folderOf(config, typeof cwd === 'string' ? filled(cwd) : undefined),
    headers: textsIn(headers ?? http_headers, filled),
    isSse: type === 'sse',
  };
  const problem = problemOf(server);
  return problem === undefined ? server : { ...server, problem };
}

/** Returns the folder that a client would start a server in, where that is known: a server of a project runs in its folder. */
function folderOf({ file, path }: ClientConfig, cwd: string | undefined): { readonly cwd?: string } {
  if (cwd !== undefined) return { cwd };
  const [of, project] = path;
  if (of === 'projects' && project !== undefined) return { cwd: project };
  const within = /^(.*)[\\/](?:\.mcp\.json|\.(?:cursor|vscode|gemini|zed|codex)[\\/][^\\/]+)$/.exec(file)?.[1];
  return within === undefined || within === process.env.HOME ? {} : { cwd: within };
}

function textsIn(value: unknown, filled: (text: string) => string): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.flatMap(([name, text]) =>
      typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean'
        ? [[name, filled(String(text))]]
        : [],
    ),
  );
}

/** Clients that write a variable of the environment as `${NAME}`, and not as `${env:NAME}`. */
const PLAIN_VARIABLES: ReadonlySet<string> = new Set(['claude-code', 'gemini-cli']);

/** Returns a text of a client with its variables as a bundle writes them. */
function filledFor(client: string, text: string): string {
  if (!PLAIN_VARIABLES.has(client)) return text;
  return text.replace(/\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (_all, name: string, fallback: string | undefined) =>
    fallback !== undefined && process.env[name] === undefined ? fallback : `\${env:${name}}`,
  );
}

function problemOf({ command, url, args, env, headers, cwd }: DeclaredServer): string | undefined {
  if (command === undefined && url === undefined) return 'it has neither a command nor a URL';
  const all = [command ?? '', url ?? '', cwd ?? '', ...args, ...Object.values(env), ...Object.values(headers)];
  const open = all.map((text) => /\$\{(?!env:[A-Za-z_]\w*\})[^}]*\}/.exec(text)?.[0]).find((one) => one !== undefined);
  return open === undefined ? undefined : `its client fills in ${open}: name it with --server NAME -- COMMAND`;
}

/** Returns whether two declarations are of the same server. */
export function isSameServer(a: DeclaredServer, b: DeclaredServer): boolean {
  const of = ({ command, args, env, url, headers, cwd }: DeclaredServer): string =>
    JSON.stringify([command, args, Object.entries(env).sort(), url, Object.entries(headers).sort(), cwd]);
  return of(a) === of(b);
}
