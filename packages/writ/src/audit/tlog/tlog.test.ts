import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint, signedCheckpoint, verifiedCheckpoint } from './checkpoint.js';
import { Frontier } from './frontier.js';
import { EMPTY_ROOT, type Hash, joined, leafHash, nodeHash } from './hashes.js';
import { noteText, parseNote, parseVerifier, signatureBy, signedNote, signerOf, verifiedBy } from './note.js';
import { consistencyProof, inclusionProof, isConsistent, isIncluded, type ReadTile, rootOf } from './proofs.js';
import { parseReceipt, receiptText, verifiedReceipt } from './receipt.js';
import { bundleOf, entriesOf, parseTilePath, tilePath, tilesOf } from './tiles.js';

const leaves = (count: number): Hash[] => Array.from({ length: count }, (_, i) => leafHash(`entry ${i}`));

/** RFC 6962, section 2.1, word for word. */
function treeHash(hashes: readonly Hash[]): Hash {
  const [only] = hashes;
  if (only === undefined) return EMPTY_ROOT;
  if (hashes.length === 1) return only;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(treeHash(hashes.slice(0, k)), treeHash(hashes.slice(k)));
}

/** The tiles of a tree, worked out from its entries' hashes. */
function tiles(hashes: readonly Hash[]): ReadTile {
  return async (level, n, width) =>
    joined(
      Array.from({ length: width }, (_, i) => {
        const span = 256 ** level;
        return treeHash(hashes.slice((n * 256 + i) * span, (n * 256 + i + 1) * span));
      }),
    );
}

describe('the tree', () => {
  it('has the roots that RFC 6962 defines, whichever way entries are added', () => {
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(leafHash('').toString('hex')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    const all = leaves(300);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (size, cut) => {
        const some = all.slice(0, size);
        const frontier = Frontier.EMPTY.with(some.slice(0, cut)).with(some.slice(cut));
        expect(frontier.root()).toEqual(treeHash(some));
        expect(Frontier.of(size, frontier.bytes()).equals(frontier)).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(() => Frontier.of(5, Buffer.alloc(32))).toThrow('another number of complete subtrees');
  });

  it('proves every entry, and no other, at every place', async () => {
    const all = leaves(40);
    for (let size = 1; size <= all.length; size += 1) {
      const some = all.slice(0, size);
      const root = treeHash(some);
      for (const [index, leaf] of some.entries()) {
        const path = await inclusionProof(tiles(some), index, size);
        expect(isIncluded(leaf, index, size, path, root)).toBe(true);
        expect(isIncluded(leafHash('another'), index, size, path, root)).toBe(false);
        expect(isIncluded(leaf, index, size, [...path, root], root)).toBe(false);
        expect(path.length > 0 && isIncluded(leaf, index, size, path.slice(1), root)).toBe(false);
        expect(isIncluded(leaf, (index + 1) % size, size, path, root)).toBe(size === 1);
      }
    }
    await expect(inclusionProof(tiles(all), 40, 40)).rejects.toThrow('has no entry 40');
  });

  it('proves that each tree is the beginning of each later one, and of no other', async () => {
    const all = leaves(34);
    const other = all.map((leaf, i) => (i === 0 ? leafHash('another') : leaf));
    for (let size = 0; size <= all.length; size += 1) {
      for (let earlier = 0; earlier <= size; earlier += 1) {
        const proof = await consistencyProof(tiles(all.slice(0, size)), earlier, size);
        const [a, b] = [
          { size: earlier, root: treeHash(all.slice(0, earlier)) },
          { size, root: treeHash(all.slice(0, size)) },
        ];
        expect(isConsistent(a, b, proof)).toBe(true);
        const forked = { size: earlier, root: treeHash(other.slice(0, earlier)) };
        if (earlier > 0) expect(isConsistent(forked, b, proof)).toBe(false);
        expect(isConsistent(a, b, [...proof, b.root])).toBe(false);
        if (earlier !== size) expect(isConsistent(b, a, proof)).toBe(false);
      }
    }
  });

  it('is read from tiles over several levels', async () => {
    const all = leaves(70_000);
    const complete = new Map<string, Hash[]>();
    const frontier = Frontier.EMPTY.with(all, ({ height, index, hash }) => {
      if (height % 8 !== 0) return;
      const name = `${height / 8}/${Math.floor(index / 256)}`;
      complete.set(name, [...(complete.get(name) ?? []), hash]);
    });
    const read: ReadTile = async (level, n, width) => {
      const tile = complete.get(`${level}/${n}`) ?? [];
      expect(tile).toHaveLength(width);
      return joined(tile);
    };
    expect(await rootOf(read, 70_000)).toEqual(frontier.root());
    const names = [...tilesOf(70_000)];
    // The example of the specification.
    expect(names.filter(({ level }) => level === 0)).toHaveLength(274);
    expect(names.slice(-3).map(tilePath)).toEqual(['tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1']);
    for (const index of [0, 255, 256, 65_535, 65_536, 69_999]) {
      const path = await inclusionProof(read, index, 70_000);
      expect(isIncluded(all[index] as Hash, index, 70_000, path, frontier.root())).toBe(true);
    }
    const earlier = Frontier.EMPTY.with(all.slice(0, 65_537));
    const proof = await consistencyProof(read, 65_537, 70_000);
    expect(isConsistent({ size: 65_537, root: earlier.root() }, { size: 70_000, root: frontier.root() }, proof)).toBe(
      true,
    );
  });
});

describe('tiles', () => {
  it('have one path each', () => {
    expect(tilePath({ level: 0, n: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 'entries', n: 5, width: 7 })).toBe('tile/entries/005.p/7');
    const names = fc.record({
      level: fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
      n: fc.integer({ min: 0, max: 2 ** 50 }),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(names, (name) => {
        expect(parseTilePath(tilePath(name))).toEqual(name);
      }),
    );
  });

  it.each([
    'tile/0/1',
    'tile/00/001',
    'tile/64/001',
    'tile/-1/001',
    'tile/0/x000/001',
    'tile/0/001.p/0',
    'tile/0/001.p/256',
    'tile/0/001.p/007',
    'tile/0/001/',
    'tile/0/../001',
    '/tile/0/001',
    'tile/0/x999/x999/x999/x999/x999/999',
  ])('does not read %s', (path) => expect(parseTilePath(path)).toBeUndefined());

  it('carry entries of any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (entries) => {
        const buffers = entries.map((bytes) => Buffer.from(bytes));
        expect(entriesOf(bundleOf(buffers))).toEqual(buffers);
      }),
    );
    expect(() => entriesOf(Buffer.of(0, 3, 1))).toThrow('cut off');
    expect(() => entriesOf(Buffer.of(0))).toThrow('cut off');
    expect(() => bundleOf([Buffer.alloc(65_536)])).toThrow('fits no bundle');
  });
});

describe('signed notes', () => {
  // The example of C2SP signed-note.
  const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
  const NOTE =
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

  it('verify as the specification has it', () => {
    const key = parseVerifier(VKEY);
    expect(key.vkey).toBe(VKEY);
    expect(verifiedBy(parseNote(NOTE), [key]).map(({ verifier }) => verifier)).toEqual([key]);
    expect(verifiedBy(parseNote(NOTE), [])).toEqual([]);
    expect(noteText(parseNote(NOTE))).toBe(NOTE);
    const changed = parseNote(NOTE.replace('an example', 'no example'));
    expect(() => verifiedBy(changed, [key])).toThrow('the signature of example.com/foo does not fit the note');
  });

  it('are refused when they are not whole', () => {
    for (const text of [
      '',
      'text\n',
      'text\n\n',
      'text\n\n— name\n',
      'a\0b\n\n— n AAAAAAA=\n',
      NOTE.slice(0, -1),
      NOTE.replace('— ', '- '),
    ])
      expect(() => parseNote(text), JSON.stringify(text)).toThrow('not a signed note');
    expect(() => parseNote(Buffer.of(0xff, 0x0a, 0x0a))).toThrow('it is not UTF-8');
    for (const key of ['', 'name', 'name+00000000+AAAA', VKEY.replace('530d903a', '530d903b'), `a b${VKEY}`])
      expect(() => parseVerifier(key), key).toThrow(/verifier key|key id|name of a key/);
  });

  it('carry what witnesses have seen, and when', () => {
    const log = signerOf('log.example/1', randomBytes(32));
    const witness = signerOf('witness.example/w', randomBytes(32), true);
    const checkpoint = signedCheckpoint(log, 3, EMPTY_ROOT);
    const note = parseNote(checkpoint);
    const cosigned = noteText({
      ...note,
      signatures: [...note.signatures, signatureBy(note.text, witness, 1_679_315_147)],
    });
    const { seenBy } = verifiedCheckpoint(cosigned, parseVerifier(log.vkey), [parseVerifier(witness.vkey)]);
    expect(seenBy.map(({ verifier, at }) => [verifier.name, at?.toISOString()])).toEqual([
      ['witness.example/w', '2023-03-20T12:25:47.000Z'],
    ]);
    // A time that was not signed.
    const moved = noteText({
      ...note,
      signatures: [
        ...note.signatures,
        {
          ...signatureBy(note.text, witness, 5),
          signature: Buffer.concat([Buffer.alloc(8, 1), signatureBy(note.text, witness, 5).signature.subarray(8)]),
        },
      ],
    });
    expect(() => verifiedCheckpoint(moved, log, [witness])).toThrow('does not fit');
    // The log's key as a witness's is another key.
    expect(() => verifiedCheckpoint(signedNote(note.text, { ...witness, name: 'log.example/1' }), log)).toThrow(
      'not signed with the key',
    );
    expect(() => verifiedCheckpoint(checkpoint, signerOf('log.example/2', randomBytes(32)))).toThrow(
      'is of log.example/1',
    );
  });

  it.each([
    'a\n1\n',
    'a\n01\nAAAA\n',
    '\n1\nAAAA\n',
    `a\n1\n${EMPTY_ROOT.toString('base64')}\n\nx\n`,
    `a\n-1\n${EMPTY_ROOT.toString('base64')}\n`,
    `a\n99999999999999999\n${EMPTY_ROOT.toString('base64')}\n`,
  ])('is no checkpoint: %j', (text) =>
    expect(() => parseCheckpoint(signedNote(text, signerOf('a', randomBytes(32))))).toThrow('not a checkpoint'),
  );
});

describe('receipts', () => {
  it('prove one entry, and no byte of one can be changed', async () => {
    const entries = Array.from({ length: 9 }, (_, i) => `{"kind":"decision","id":"${i}"}`);
    const hashes = entries.map(leafHash);
    const log = signerOf('log.example/1', Buffer.alloc(32, 7));
    const text = receiptText({
      extra: Buffer.from(entries[4] as string),
      index: 4,
      path: await inclusionProof(tiles(hashes), 4, 9),
      checkpoint: signedCheckpoint(log, 9, treeHash(hashes)),
    });
    const key = parseVerifier(log.vkey);
    expect(verifiedReceipt(parseReceipt(text), key, []).entry.toString()).toBe(entries[4]);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of [1, 2, 0x20]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ bit;
        expect(() => verifiedReceipt(parseReceipt(changed.toString()), key, []), `byte ${at}`).toThrow();
      }
    }
  });
});
