import { parseCheckpoint } from '../tlog/checkpoint.js';
import { LogProofError } from '../tlog/errors.js';
import type { Verifier } from '../tlog/note.js';
import { inclusionProof } from '../tlog/proofs.js';
import { entryIn, parseReceipt, receiptText, verifiedReceipt } from '../tlog/receipt.js';
import { attachedTo, checked } from './log-lines.js';
import { hashTiles, type LogTiles } from './log-tiles.js';

/**
 * Returns the receipt of an entry: its bytes, the proof that they are in the log, and the signed checkpoint; the one that witnesses
 * signed too, if it has the entry.
 *
 * @returns the text of the file; undefined if the entry is not found
 * @throws {LogProofError} if no signature is for the entry yet
 */
export async function receiptOf(tiles: LogTiles, id: string): Promise<string | undefined> {
  const found = await tiles.find(id);
  if (found === undefined) return undefined;
  const { index, line } = found;
  let checkpoint = await tiles.cosigned(index + 1);
  // The signature follows in a moment.
  for (let tries = 0; checkpoint === undefined && tries < SIGNED_TRIES; tries += 1) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, SIGNED_MS));
    const { checkpoint: newest } = await tiles.head();
    if (parseCheckpoint(newest).size > index) checkpoint = newest;
  }
  if (checkpoint === undefined)
    throw new LogProofError(`no signature is for the entry ${id} yet`, 'ask again in a second');
  const { size } = parseCheckpoint(checkpoint);
  const path = await inclusionProof(hashTiles(tiles), index, size);
  const sha256 = attachedTo(JSON.parse(line));
  const beside = sha256 === undefined ? '' : `\n${checked(sha256, await tiles.attachment(sha256))}`;
  return receiptText({ extra: Buffer.from(`${line}${beside}`), index, path, checkpoint });
}

const SIGNED_MS = 20;
const SIGNED_TRIES = 15;

interface VerifiedEntry {
  readonly index: number;
  readonly origin: string;
  /** The size of the log in the checkpoint. */
  readonly size: number;
  /** The entry, as it was recorded. */
  readonly record: { readonly kind?: string; readonly id?: string; readonly time?: string };
  readonly seenBy: readonly { readonly witness: string; readonly at: string | undefined }[];
}

/**
 * Verifies a receipt offline, with the log's public key alone.
 *
 * @throws {LogProofError | NoteError} if a part of it was changed; the message names the part
 */
export function verifyReceipt(text: string, log: Verifier, witnesses: readonly Verifier[]): VerifiedEntry {
  const receipt = parseReceipt(text);
  const { checkpoint } = verifiedReceipt(receipt, log, witnesses);
  const record = recordIn(receipt.extra);
  return {
    index: receipt.index,
    origin: checkpoint.origin,
    size: checkpoint.size,
    record,
    seenBy: checkpoint.seenBy.map(({ verifier, at }) => ({ witness: verifier.name, at: at?.toISOString() })),
  };
}

/** Returns the record of a receipt that this program has just made. */
export function recordOfReceipt(text: string): VerifiedEntry['record'] {
  return recordIn(parseReceipt(text).extra);
}

/** Returns the entry of a receipt; one that is long stands after it, under its hash. */
function recordIn(extra: Buffer): VerifiedEntry['record'] {
  const entry = entryIn(extra);
  const record = JSON.parse(entry.toString()) as VerifiedEntry['record'];
  const sha256 = attachedTo(record);
  if (sha256 !== undefined)
    return JSON.parse(checked(sha256, extra.subarray(entry.length + 1).toString())) as VerifiedEntry['record'];
  if (extra.length !== entry.length)
    throw new LogProofError('the receipt carries more than its entry', 'something was added to it');
  return record;
}
