import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseCheckpoint } from '../tlog/checkpoint.js';
import { LogProofError } from '../tlog/errors.js';
import { entriesOf, TILE_WIDTH, type TileName, tilePath, tilesOf } from '../tlog/tiles.js';
import { attachedTo } from './log-lines.js';
import type { LogTiles, TileSource } from './log-tiles.js';

const CHECKPOINT = 'checkpoint';

/** A log as files with the names of C2SP tlog-tiles: any web server can serve the folder. */
export class LogFolder implements TileSource {
  constructor(readonly folder: string) {}

  /** Returns the signed checkpoint. @throws {LogProofError} if the folder has none */
  async checkpoint(): Promise<string> {
    return readFile(join(this.folder, CHECKPOINT), 'utf8').catch(() => {
      throw new LogProofError(`${this.folder} has no file "checkpoint"`, 'is it the folder of a log?');
    });
  }

  async read(name: TileName): Promise<Buffer> {
    const file = join(this.folder, tilePath(name));
    // A full tile begins with what a part of it had.
    const full = join(this.folder, tilePath({ ...name, width: TILE_WIDTH }));
    const isCut = !existsSync(file) && existsSync(full);
    const bytes = await readFile(isCut ? full : file).catch(() => {
      throw new LogProofError(`${tilePath(name)} is not there`);
    });
    if (!isCut) return bytes;
    return name.level === 'entries' ? firstEntries(bytes, name.width) : bytes.subarray(0, name.width * 32);
  }

  async attachment(sha256: string): Promise<string | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    return readFile(join(this.folder, 'attachments', sha256), 'utf8').catch(() => undefined);
  }
}

function firstEntries(bundle: Buffer, count: number): Buffer {
  const length = entriesOf(bundle)
    .slice(0, count)
    .reduce((sum, entry) => sum + 2 + entry.length, 0);
  return bundle.subarray(0, length);
}

/**
 * Writes a log to a folder. Full tiles that are there already are not written again.
 *
 * @returns the number of entries in the folder now
 * @throws {LogProofError} if the folder has another log, or a longer one
 */
export async function exportLog(tiles: LogTiles, folder: string): Promise<number> {
  const { checkpoint } = await tiles.head();
  const { origin, size } = parseCheckpoint(checkpoint);
  const before = existsSync(join(folder, CHECKPOINT))
    ? parseCheckpoint(await new LogFolder(folder).checkpoint())
    : undefined;
  if (before !== undefined && (before.origin !== origin || before.size > size))
    throw new LogProofError(
      `${folder} has the log ${before.origin} with ${before.size} entries; this one is ${origin} with ${size}`,
      'write it to another folder',
    );
  for (const name of tilesOf(size)) {
    const file = join(folder, tilePath(name));
    if (name.width === TILE_WIDTH && existsSync(file)) continue;
    const bytes = await tiles.read(name);
    if (name.level === 'entries') await writeAttachments(tiles, folder, bytes);
    await write(file, bytes);
    if (name.width === TILE_WIDTH) await rm(`${file}.p`, { recursive: true, force: true });
  }
  // The checkpoint is last: a reader of the folder finds all that it promises.
  await write(join(folder, CHECKPOINT), checkpoint);
  return size;
}

async function writeAttachments(tiles: LogTiles, folder: string, bundle: Buffer): Promise<void> {
  if (!bundle.includes('"attached"')) return;
  for (const entry of entriesOf(bundle)) {
    const sha256 = attachedTo(JSON.parse(entry.toString()));
    const text = sha256 === undefined ? undefined : await tiles.attachment(sha256);
    if (text !== undefined) await write(join(folder, 'attachments', sha256 as string), text);
  }
}

async function write(file: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.writing`;
  await writeFile(fresh, bytes);
  await rename(fresh, file);
}
