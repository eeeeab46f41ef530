import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Links between packages of the workspace, and the stamps of set-up: a copy has its own. */
const OWN = ['.bin', '.writ', '@writ', 'writ'];

/** Copies this checkout with its build into a new folder. Installed packages are linked, not copied. */
export function copyCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'writ-checkout-'));
  const isCopied = (path: string): boolean =>
    basename(path) !== 'node_modules' && !['.git', 'data', '.setup'].includes(relative(ROOT, path));
  // A build is up to date by the times of its files.
  cpSync(ROOT, copy, { recursive: true, preserveTimestamps: true, filter: isCopied });
  const packages = ['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  for (const folder of ['.', ...packages]) linkModules(join(ROOT, folder), join(copy, folder));
  return copy;
}

function linkModules(from: string, to: string): void {
  const modules = join(from, 'node_modules');
  if (!existsSync(modules)) return;
  mkdirSync(join(to, 'node_modules'), { recursive: true });
  for (const name of readdirSync(modules)) {
    const target = join(to, 'node_modules', name);
    if (OWN.includes(name)) cpSync(join(modules, name), target, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(join(modules, name), target);
  }
}
