import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { started } from '../conformance/started.js';

export { freePort } from '../abuse/processes.js';

/** The command itself, as a process of its own. */

const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const env = { ...process.env, NO_COLOR: '1' };

/** Runs `writ` to its end while this process goes on; `out` is both of what it printed. */
export function command(...args: readonly string[]): Promise<{ code: number | null; out: string }> {
  return commandIn({}, ...args);
}

/** The same, in a folder and with more in its environment. */
export function commandIn(
  where: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
  ...args: readonly string[]
): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: where.cwd, env: { ...env, ...where.env } });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        out += String(chunk);
      });
    }
    child.on('close', (code) => resolve({ code, out }));
  });
}

/** `writ start`, once it says where it listens. The caller ends it. */
export async function startedService(
  bundle: string,
  data: string,
  store?: string,
): Promise<{ child: ChildProcess; url: string }> {
  const { child, said } = await started(BIN, bundle, data, /service .*\n/, store);
  return { child, url: /service\s+(\S+)/.exec(said)?.[1] as string };
}

/** The arguments of Node for a guard in front of a command, for ana's bot; `more` are its options, `--`, and the command. */
export function guardArgs(service: string, keyFile: string, ...more: readonly string[]): string[] {
  const who = ['--for', 'User::"ana"', '--agent', 'Agent::"bot"'];
  return [BIN, 'guard', ...who, '--service', service, '--key-file', keyFile, ...more];
}
