import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ran } from './processes.js';

/** A checkout of another commit, built, with the packages of this one. */
export interface Checkout {
  readonly root: string;
  remove(): Promise<void>;
}

const BUILD_MS = 600_000;
/** Folders that can have packages of their own beside those of the root. */
const PLACES = ['.', ...['writ', 'cedar', 'sdk'].map((name) => `packages/${name}`), 'bench'];

export async function checkoutOf(commit: string, here: string): Promise<Checkout> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-abuse-at-'));
  const root = join(folder, 'checkout');
  const must = async (command: string, args: readonly string[], cwd: string): Promise<void> => {
    const { code, out } = await ran(command, args, { cwd, ms: BUILD_MS });
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${out.slice(-2_000)}`);
  };
  const remove = async (): Promise<void> => {
    await ran('git', ['worktree', 'remove', '--force', root], { cwd: here });
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await must('git', ['worktree', 'add', '--detach', root, commit], here);
    for (const place of PLACES) {
      const packages = join(here, place, 'node_modules');
      // Hard links: the links of workspaces are relative, so they lead into the new checkout.
      if (existsSync(packages)) await must('cp', ['-al', packages, join(root, place, 'node_modules')], here);
    }
    await must(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/writ'], root);
    return { root, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
