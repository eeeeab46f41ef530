import { messageOf } from '@writ/sdk/lib/message-of';
import type { SignedCheckpoint } from '../tlog/checkpoint.js';
import { type CompleteNode, Frontier } from '../tlog/frontier.js';
import { type Hash, hashAt, leafHash, split } from '../tlog/hashes.js';
import { consistencyProof, isConsistent } from '../tlog/proofs.js';
import { entriesOf, TILE_HEIGHT, TILE_WIDTH, tilePath, widthAt } from '../tlog/tiles.js';
import { attachedTo, checked } from './log-lines.js';
import { hashTiles, type TileSource } from './log-tiles.js';

/** A part of a log that is not as it was written. */
export interface LogProblem {
  /** The place in the log, if the problem is of one entry. */
  readonly index?: number;
  /** The file of the log. */
  readonly where: string;
  readonly what: string;
}

interface VerifiedLog {
  readonly size: number;
  readonly problems: readonly LogProblem[];
}

/** The search ends after this many problems. */
const MAX_PROBLEMS = 100;

/**
 * Recomputes a whole log, from its entries to its root, and compares each step with the log.
 *
 * @param checkpoint a verified checkpoint, whose root the log must have
 */
export async function verifyLog(source: TileSource, checkpoint: SignedCheckpoint): Promise<VerifiedLog> {
  const pass = new Pass(source, checkpoint);
  return { size: checkpoint.size, problems: await pass.run() };
}

/**
 * Verifies that a log continues an earlier checkpoint of it.
 *
 * @returns the problem; undefined if it does
 */
export async function verifyConsistency(
  source: TileSource,
  earlier: SignedCheckpoint,
  later: SignedCheckpoint,
): Promise<LogProblem | undefined> {
  const problem = (what: string): LogProblem => ({ where: 'checkpoint', what });
  if (earlier.size > later.size)
    return problem(`the log has ${later.size} entries; it had ${earlier.size}: its end was cut off`);
  const proof = await consistencyProof(hashTiles(source), earlier.size, later.size);
  return isConsistent(earlier, later, proof)
    ? undefined
    : problem(`the first ${earlier.size} entries are not those that the earlier checkpoint was signed for`);
}

class Pass {
  private readonly problems: LogProblem[] = [];
  private frontier = Frontier.EMPTY;
  /** The stored tiles above the entries' hashes that are being compared, by level. */
  private readonly above = new Map<number, { readonly n: number; readonly bytes: Buffer }>();

  constructor(
    private readonly source: TileSource,
    private readonly checkpoint: SignedCheckpoint,
  ) {}

  async run(): Promise<readonly LogProblem[]> {
    const { size, root } = this.checkpoint;
    for (let n = 0; n * TILE_WIDTH < size && this.problems.length < MAX_PROBLEMS; n += 1) await this.tile(n);
    const isCut = this.problems.length >= MAX_PROBLEMS;
    if (!isCut && !this.frontier.root().equals(root) && this.problems.length === 0)
      this.problems.push({
        where: 'checkpoint',
        what: 'the entries do not come to its root: some were changed, added or taken out together with their hashes',
      });
    return this.problems;
  }

  private async tile(n: number): Promise<void> {
    const width = widthAt(this.checkpoint.size, 0, n);
    const entries = await this.entries(n, width);
    const stored = await this.hashes(n, width);
    const found = entries?.map((entry) => leafHash(entry));
    if (entries !== undefined) for (const [i, entry] of entries.entries()) await this.attachment(n, i, entry);
    const leaves = await this.chosen(n, width, found, stored);
    const nodes: CompleteNode[] = [];
    this.frontier = this.frontier.with(leaves, (node) => {
      if (node.height > 0 && node.height % TILE_HEIGHT === 0) nodes.push(node);
    });
    for (const node of nodes) await this.compare(node);
  }

  private async entries(n: number, width: number): Promise<Buffer[] | undefined> {
    const name = { level: 'entries', n, width } as const;
    try {
      const entries = entriesOf(await this.source.read(name));
      if (entries.length === width) return entries;
      this.report({ where: tilePath(name), what: `has ${entries.length} entries and not ${width}` });
    } catch (error) {
      this.report({ where: tilePath(name), what: messageOf(error) });
    }
    return undefined;
  }

  private async hashes(n: number, width: number): Promise<Hash[] | undefined> {
    const name = { level: 0, n, width };
    try {
      const hashes = split(await this.source.read(name));
      if (hashes.length === width) return hashes;
      this.report({ where: tilePath(name), what: `has ${hashes.length} hashes and not ${width}` });
    } catch (error) {
      this.report({ where: tilePath(name), what: messageOf(error) });
    }
    return undefined;
  }

  /** Returns the hashes to continue with: if entries and their hashes differ, those that lead to the tile above. */
  private async chosen(n: number, width: number, found?: Hash[], stored?: Hash[]): Promise<Hash[]> {
    if (found === undefined || stored === undefined) return found ?? stored ?? [];
    const differ = found.flatMap((hash, i) => (hash.equals(stored[i] as Hash) ? [] : [i]));
    if (differ.length === 0) return found;
    const isStored = await this.leads(n, width, stored);
    for (const i of differ) {
      const index = n * TILE_WIDTH + i;
      const [where, what] = isStored
        ? [tilePath({ level: 'entries', n, width }), `entry ${index} was changed: it has another hash`]
        : [tilePath({ level: 0, n, width }), `the hash of entry ${index} was changed`];
      this.report({ index, where, what });
    }
    return isStored ? stored : found;
  }

  /** Returns whether hashes of a tile are those that the tile above, or the root, was made of. */
  private async leads(n: number, width: number, hashes: readonly Hash[]): Promise<boolean> {
    const last = (n + 1) * TILE_WIDTH >= this.checkpoint.size;
    if (last && this.frontier.with(hashes).root().equals(this.checkpoint.root)) return true;
    if (width < TILE_WIDTH) return false;
    const above = await this.tileAbove(1, Math.floor(n / TILE_WIDTH)).catch(() => undefined);
    return above !== undefined && hashAt(above, n % TILE_WIDTH).equals(Frontier.EMPTY.with(hashes).root());
  }

  private async compare({ height, index, hash }: CompleteNode): Promise<void> {
    const level = height / TILE_HEIGHT;
    const n = Math.floor(index / TILE_WIDTH);
    const where = tilePath({ level, n, width: widthAt(this.checkpoint.size, level, n) });
    try {
      const bytes = await this.tileAbove(level, n);
      if (hashAt(bytes, index % TILE_WIDTH).equals(hash)) return;
      const [first, last] = [index * TILE_WIDTH ** level, (index + 1) * TILE_WIDTH ** level - 1];
      this.report({ where, what: `its hash of the entries ${first} to ${last} is not theirs` });
    } catch (error) {
      this.report({ where, what: messageOf(error) });
    }
  }

  private async tileAbove(level: number, n: number): Promise<Buffer> {
    const kept = this.above.get(level);
    if (kept?.n === n) return kept.bytes;
    const width = widthAt(this.checkpoint.size, level, n);
    const bytes = await this.source.read({ level, n, width });
    this.above.set(level, { n, bytes });
    return bytes;
  }

  private async attachment(n: number, i: number, entry: Buffer): Promise<void> {
    if (!entry.includes('"attached"')) return;
    const index = n * TILE_WIDTH + i;
    try {
      const sha256 = attachedTo(JSON.parse(entry.toString()));
      if (sha256 !== undefined) checked(sha256, await this.source.attachment(sha256));
    } catch (error) {
      // The hash of a changed entry is reported already.
      if (!(error instanceof SyntaxError)) this.report({ index, where: 'attachments', what: messageOf(error) });
    }
  }

  private report(problem: LogProblem): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }
}
