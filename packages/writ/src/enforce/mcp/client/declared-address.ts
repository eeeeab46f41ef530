import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { environmentText } from '../../../lib/environment.js';
import { CREDENTIALS } from '../../../lib/known-credentials.js';
import { expand } from '../../expand.js';
import type { ServerAddress, ServerCommand } from './server-address.js';

/** A server as a bundle declares it: a command or a URL. Arguments can have `${data}` and `${bundle}`; they, variables and headers `${env:NAME}`. */
interface ServerDeclaration {
  readonly command?: string | undefined;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: 'streamable-http' | 'sse';
}

/**
 * Returns how a declared server is started, or where it is.
 *
 * @throws {EnvironmentError} when a variable is not in the environment
 */
export function addressOf(
  name: string,
  server: ServerDeclaration,
  bundle: { readonly root: string },
  data: string,
): ServerCommand | ServerAddress {
  const { command, args, env, cwd, url, headers, transport } = server;
  const filledIn = (text: string): string => environmentText(text, `gateway.servers.${name}`);
  if (url !== undefined) {
    const filled = Object.entries(headers).map(([header, value]) => {
      const text = filledIn(value);
      CREDENTIALS.addNamed(header, text);
      return [header, text];
    });
    CREDENTIALS.addNamed('', url);
    return { url, transport, headers: Object.fromEntries(filled) };
  }
  const variables = Object.entries(env).map(([variable, value]) => [variable, filledIn(value)] as const);
  for (const [variable, value] of variables) CREDENTIALS.addNamed(variable, value);
  return {
    command: command as string,
    args: args.map((arg) => expand(filledIn(arg), bundle, data)),
    env: { ...baseEnv(bundle.root), ...Object.fromEntries(variables) },
    cwd: cwd === undefined ? bundle.root : resolve(bundle.root, expand(cwd, bundle, data)),
  };
}

/** Returns what a server needs to run, and no secret of ours. Commands of installed packages are found as npm finds them. */
function baseEnv(root: string): Record<string, string> {
  const bins: string[] = [];
  for (let at = root; ; at = dirname(at)) {
    const bin = join(at, 'node_modules', '.bin');
    if (existsSync(bin)) bins.push(bin);
    if (dirname(at) === at) break;
  }
  const kept = ['HOME', 'LANG', 'TMPDIR', 'USER'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), PATH: [...bins, process.env.PATH ?? ''].join(delimiter) };
}
