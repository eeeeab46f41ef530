import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The command, from the sources, as tests run, and from \`dist\`. */
const PLACES = ['../../packages/writ/bin/writ.js', '../../../packages/writ/bin/writ.js'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
export const WRIT = PLACES.find((path) => existsSync(path)) ?? 'writ';

/** Runs a command of Writ. Returns its standard output. */
export function writ(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [WRIT, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`writ ${args.join(' ')} ended with ${status}: ${stderr || stdout}`);
  return stdout;
}
