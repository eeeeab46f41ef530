import { describe, expect, it } from 'vitest';
import { parseCheckpoint, signedCheckpoint, verifiedCheckpoint } from '../tlog/checkpoint.js';
import { LogProofError } from '../tlog/errors.js';
import { Frontier } from '../tlog/frontier.js';
import { joined, leafHash } from '../tlog/hashes.js';
import { parseVerifier, signerOf } from '../tlog/note.js';
import { bundleOf, entriesOf, parseTilePath, tilePath, tilesOf } from '../tlog/tiles.js';
import { lineOf } from './log-lines.js';
import type { TileSource } from './log-tiles.js';
import { verifyConsistency, verifyLog } from './verify-log.js';

/** The number of bytes to change, one at a time, and where to begin; `npm run tamper -w writ` sets both. */
const COUNT = Number(process.env.WRIT_TAMPER_COUNT ?? 2_000);
const SEED = Number(process.env.WRIT_TAMPER_SEED ?? Date.now() % 2 ** 31);

const signer = signerOf('log.example/1', Buffer.alloc(32, 3));
const key = parseVerifier(signer.vkey);

/** A log as files. */
function filesOf(lines: readonly string[]): Map<string, Buffer> {
  const hashes = lines.map((line) => leafHash(line));
  const above = new Map<string, Buffer>();
  const frontier = Frontier.EMPTY.with(hashes, ({ height, index, hash }) => {
    if (height === 0 || height % 8 !== 0) return;
    const name = `${height / 8}/${Math.floor(index / 256)}`;
    above.set(name, Buffer.concat([above.get(name) ?? Buffer.alloc(0), hash]));
  });
  const files = new Map([['checkpoint', Buffer.from(signedCheckpoint(signer, lines.length, frontier.root()))]]);
  for (const { level, n, width } of tilesOf(lines.length)) {
    const [from, to] = [n * 256, n * 256 + width];
    const bytes =
      level === 'entries'
        ? bundleOf(lines.slice(from, to).map((line) => Buffer.from(line)))
        : level === 0
          ? joined(hashes.slice(from, to))
          : (above.get(`${level}/${n}`) as Buffer);
    files.set(tilePath({ level, n, width }), bytes);
  }
  return files;
}

function sourceOf(files: ReadonlyMap<string, Buffer>): TileSource {
  return {
    read: async (name) => {
      const bytes = files.get(tilePath(name));
      if (bytes === undefined) throw new LogProofError(`${tilePath(name)} is not there`);
      return bytes;
    },
    attachment: async (sha256) => files.get(`attachments/${sha256}`)?.toString(),
  };
}

const problemsOf = async (files: ReadonlyMap<string, Buffer>) =>
  (await verifyLog(sourceOf(files), verifiedCheckpoint(files.get('checkpoint') as Buffer, key))).problems;

/** Returns a source of numbers from 0 up to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `{"n":${i}}`);

describe('verifying a log', () => {
  it('finds any byte of it that was changed, and where', { timeout: 600_000 }, async () => {
    const files = filesOf(numbered(258));
    expect(await problemsOf(files)).toEqual([]);
    const places = [...files].flatMap(([name, bytes]) => Array.from(bytes, (_, at) => ({ name, bytes, at })));
    expect(places.length).toBeGreaterThan(10_000);
    const random = seeded(SEED);
    // A part of a shuffle: the same seed tries the same places, whatever their number.
    const count = Math.min(COUNT, places.length);
    console.log(`${count} of ${places.length} bytes, with seed ${SEED}`);
    for (let done = 0; done < count; done += 1) {
      const other = done + Math.floor(random() * (places.length - done));
      const place = places[other] as (typeof places)[number];
      places[other] = places[done] as typeof place;
      await expectFound(files, place, 1 << Math.floor(random() * 8));
    }
  });

  async function expectFound(
    files: ReadonlyMap<string, Buffer>,
    { name, bytes, at }: { readonly name: string; readonly bytes: Buffer; readonly at: number },
    bit: number,
  ): Promise<void> {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ bit;
    const tampered = new Map(files).set(name, changed);
    const place = `bit ${bit} of byte ${at} of ${name}, with seed ${SEED}`;
    const tile = parseTilePath(name);
    if (tile === undefined) {
      await expect(problemsOf(tampered), place).rejects.toThrow();
      return;
    }
    const found = await problemsOf(tampered);
    expect(
      found.map(({ where }) => where),
      place,
    ).toContain(name);
    const index = indexOf(tile, bytes, at);
    if (index !== undefined) {
      expect(
        found.map((one) => one.index),
        place,
      ).toEqual([index]);
    }
  }

  /** Returns the entry that a byte belongs to; undefined if the byte belongs to a length or to several entries. */
  function indexOf({ level, n }: { level: number | 'entries'; n: number }, bytes: Buffer, at: number) {
    if (level === 0) return n * 256 + Math.floor(at / 32);
    if (level !== 'entries') return undefined;
    let begin = 0;
    for (const [i, entry] of entriesOf(bytes).entries()) {
      if (at < begin + 2) return undefined;
      begin += 2 + entry.length;
      if (at < begin) return n * 256 + i;
    }
    return undefined;
  }

  it('finds what was changed with everything above it, but for what is signed', async () => {
    const lines = numbered(600);
    const forged = filesOf(lines.map((line, i) => (i === 300 ? '{"n":"forged"}' : line)));
    forged.set('checkpoint', filesOf(lines).get('checkpoint') as Buffer);
    expect(await problemsOf(forged)).toEqual([
      { where: 'checkpoint', what: expect.stringContaining('changed, added or taken out together with their hashes') },
    ]);
  });

  it('finds what is missing, and what is too short', async () => {
    const files = filesOf(numbered(600));
    for (const name of files.keys()) {
      if (name === 'checkpoint') continue;
      const without = new Map(files);
      without.delete(name);
      expect(
        (await problemsOf(without)).map(({ where }) => where),
        name,
      ).toContain(name);
      const short = new Map(files).set(name, Buffer.alloc(0));
      expect(
        (await problemsOf(short)).map(({ where }) => where),
        name,
      ).toContain(name);
    }
  });

  it('finds a changed attachment', async () => {
    const { line, attachment } = lineOf(
      { kind: 'change', id: '1', time: 't' },
      JSON.stringify({ long: 'x'.repeat(70_000) }),
    );
    const files = filesOf([line]);
    const name = `attachments/${attachment?.sha256}`;
    expect(await problemsOf(files)).toMatchObject([{ index: 0, what: expect.stringContaining('is not there') }]);
    files.set(name, Buffer.from(attachment?.text ?? ''));
    expect(await problemsOf(files)).toEqual([]);
    files.set(name, Buffer.from('{}'));
    expect(await problemsOf(files)).toMatchObject([{ index: 0, what: expect.stringContaining('was changed') }]);
  });

  it('finds that it does not go on from where it was: cut off, or another story', async () => {
    const at = (lines: string[]) => {
      const files = filesOf(lines);
      return { source: sourceOf(files), checkpoint: parseCheckpoint(files.get('checkpoint') as Buffer) };
    };
    const [before, after] = [at(numbered(300)), at(numbered(700))];
    expect(await verifyConsistency(after.source, before.checkpoint, after.checkpoint)).toBeUndefined();
    expect(await verifyConsistency(before.source, after.checkpoint, before.checkpoint)).toMatchObject({
      what: 'the log has 300 entries; it had 700: its end was cut off',
    });
    const other = at(numbered(700).with(5, 'another'));
    expect(await verifyConsistency(other.source, before.checkpoint, other.checkpoint)).toMatchObject({
      what: expect.stringContaining('are not those that the earlier checkpoint was signed for'),
    });
  });
});
