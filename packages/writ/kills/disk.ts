/** A disk of its own, in memory, which can be filled. Only root on Linux can mount one. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZE_MIB = 96;
const MAX_PIECE = 8 * 2 ** 20;
const MIN_PIECE = 512;

export class Disk {
  private readonly filler: string;
  private readonly unmountAtExit = (): void => this.unmount();

  private constructor(readonly folder: string) {
    this.filler = join(folder, 'filler');
    process.once('exit', this.unmountAtExit);
  }

  /** Mounts a disk; undefined if this process may not. */
  static mount(sizeMib = SIZE_MIB): Disk | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    const folder = mkdtempSync(join(tmpdir(), 'writ-disk-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', folder]);
    if (status === 0) return new Disk(folder);
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }

  /** Fills it to the last block. */
  fill(): void {
    for (let size = MAX_PIECE; size >= MIN_PIECE; ) {
      try {
        writeFileSync(this.filler, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // The part that fits has been written.
        size /= 2;
      }
    }
  }

  empty(): void {
    rmSync(this.filler, { force: true });
  }

  /** Copies what it holds to another folder. */
  copyTo(folder: string): void {
    this.empty();
    cpSync(this.folder, folder, { recursive: true });
  }

  unmount(): void {
    process.off('exit', this.unmountAtExit);
    spawnSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
