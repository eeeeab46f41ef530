import { NoteError } from './errors.js';
import type { Hash } from './hashes.js';
import { type Note, parseNote, type Signer, signedNote, type Verifier, verifiedBy } from './note.js';

/** The size and the root of a log at one time (C2SP tlog-checkpoint). */
interface Checkpoint {
  /** The log's name. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** A checkpoint with its signatures. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note;
}

function checkpointText({ origin, size, root }: Checkpoint, more: readonly string[]): string {
  return [origin, size, root.toString('base64'), ...more, ''].join('\n');
}

/** Returns a checkpoint, signed by its log. @param more extension lines, which are signed too; none is empty */
export function signedCheckpoint(signer: Signer, size: number, root: Hash, more: readonly string[] = []): string {
  return signedNote(checkpointText({ origin: signer.name, size, root }, more), signer);
}

/** Reads a checkpoint from a signed note, without verifying signatures. @throws {NoteError} if the note is no checkpoint */
export function parseCheckpoint(text: string | Buffer): SignedCheckpoint {
  const note = parseNote(text);
  const [origin = '', size = '', root = '', ...more] = note.text.split('\n');
  const hash = Buffer.from(root, 'base64');
  const isCheckpoint =
    origin !== '' &&
    /^(0|[1-9][0-9]{0,15})$/.test(size) &&
    Number.isSafeInteger(Number(size)) &&
    hash.length === 32 &&
    hash.toString('base64') === root;
  // Extension lines are ignored; none of them may be empty.
  if (!isCheckpoint || more.pop() !== '' || more.includes(''))
    throw new NoteError('the note is not a checkpoint: its lines are the origin, the size and the root');
  return { origin, size: Number(size), root: hash, note };
}

/**
 * Returns a checkpoint whose signature by its log is verified.
 *
 * @param witnesses the keys of witnesses whose signatures are verified too, if they are there
 * @throws {NoteError} if it is no checkpoint, is of another log, or a signature of a known key does not fit
 */
export function verifiedCheckpoint(
  text: string | Buffer,
  log: Verifier,
  witnesses: readonly Verifier[] = [],
): SignedCheckpoint & { readonly seenBy: readonly { readonly verifier: Verifier; readonly at?: Date }[] } {
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== log.name)
    throw new NoteError(
      `the checkpoint is of ${checkpoint.origin}, not of ${log.name}`,
      'is it the key of another log?',
    );
  const signed = verifiedBy(checkpoint.note, [log, ...witnesses]);
  if (!signed.some(({ verifier }) => verifier === log))
    throw new NoteError(`the checkpoint is not signed with the key of ${log.name}`, 'is it the key of another log?');
  return { ...checkpoint, seenBy: signed.filter(({ verifier }) => verifier !== log) };
}
