import { type SignedCheckpoint, verifiedCheckpoint } from './checkpoint.js';
import { LogProofError } from './errors.js';
import { type Hash, leafHash } from './hashes.js';
import type { Verifier } from './note.js';
import { isIncluded } from './proofs.js';

/** A proof that an entry is in a log, for use offline: one file (C2SP tlog-proof). */
interface Receipt {
  /** The entry's bytes as they are in the log, and then its attachment, if it has one; a line each. */
  readonly extra: Buffer;
  readonly index: number;
  readonly path: readonly Hash[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
/** The length of a proof in a tree of 2^63 entries. */
const MAX_PATH = 63;

export function receiptText({ extra, index, path, checkpoint }: Receipt): string {
  const lines = [HEADER, `extra ${extra.toString('base64')}`, `index ${index}`];
  for (const hash of path) lines.push(hash.toString('base64'));
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Reads a receipt. @throws {LogProofError} if it is not a proof in this form, with the entry in it */
export function parseReceipt(text: string): Receipt {
  const malformed = (why: string): LogProofError =>
    new LogProofError(`not a receipt: ${why}`, 'it is a file of the form c2sp.org/tlog-proof@v1');
  const end = text.indexOf('\n\n');
  const [header, ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  if (header !== HEADER) throw malformed(`it does not begin with ${HEADER}`);
  const extra = /^extra ([A-Za-z0-9+/]+={0,2})$/.exec(lines.shift() ?? '')?.[1];
  if (extra === undefined) throw malformed('the entry is not in it, on a line "extra"');
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index))) throw malformed('it has no index');
  if (lines.length > MAX_PATH) throw malformed('its proof is too long');
  const strictly = (encoded: string): Buffer => {
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.toString('base64') !== encoded) throw malformed(`"${encoded.slice(0, 50)}" is not base64`);
    return bytes;
  };
  const path = lines.map(strictly);
  if (path.some(({ length }) => length !== 32)) throw malformed('a line of its proof is not a hash');
  return { extra: strictly(extra), index: Number(index), path, checkpoint: text.slice(end + 2) };
}

/**
 * Verifies a receipt with the log's public key alone.
 *
 * @param witnesses the keys of witnesses whose cosignatures are verified too
 * @throws {LogProofError} if the entry is not in the log
 * @throws {NoteError} if the checkpoint is not the log's
 */
export function verifiedReceipt(
  { extra, index, path, checkpoint }: Receipt,
  log: Verifier,
  witnesses: readonly Verifier[],
): { readonly checkpoint: ReturnType<typeof verifiedCheckpoint>; readonly entry: Buffer } {
  const signed = verifiedCheckpoint(checkpoint, log, witnesses);
  const entry = entryIn(extra);
  assertIncluded(entry, index, path, signed);
  return { checkpoint: signed, entry };
}

/** Returns the entry: the first line of what a receipt carries. */
export function entryIn(extra: Buffer): Buffer {
  const end = extra.indexOf('\n');
  return end < 0 ? extra : extra.subarray(0, end);
}

function assertIncluded(entry: Buffer, index: number, path: readonly Hash[], checkpoint: SignedCheckpoint): void {
  if (!isIncluded(leafHash(entry), index, checkpoint.size, path, checkpoint.root))
    throw new LogProofError(
      `the entry is not number ${index} of the log: its hash and the proof do not lead to the root of the checkpoint`,
      'the entry, the proof or the checkpoint was changed',
    );
}
