import { createHash } from 'node:crypto';
import type { LogEntry } from '../../decide/record.js';
import { RECORD_VERSION } from '../../record/version.js';
import { LogProofError } from '../tlog/errors.js';
import { MAX_ENTRY_BYTES } from '../tlog/tiles.js';

/** An entry of a log is one line: JSON without a newline, at most 65,535 bytes. A longer text is an attachment, beside the log under its hash. */

/** The bytes of an entry that is too long for its line. */
export interface Attachment {
  /** Hex. */
  readonly sha256: string;
  readonly text: string;
}

/** The line of an entry that is too long. */
interface AttachedEntry extends Pick<LogEntry, 'kind' | 'id' | 'time'> {
  readonly attached: { readonly sha256: string; readonly bytes: number };
}

/** UTF-8 has at most three bytes for a unit of a string's length. */
const SURELY_SHORT = Math.floor(MAX_ENTRY_BYTES / 3);

/** Returns the line of an entry, and its attachment if the text is too long. */
export function lineOf(
  { kind, id, time }: Pick<LogEntry, 'kind' | 'id' | 'time'>,
  text: string,
): { readonly line: string; readonly attachment?: Attachment } {
  if (text.length <= SURELY_SHORT || Buffer.byteLength(text) <= MAX_ENTRY_BYTES) return { line: text };
  const sha256 = createHash('sha256').update(text).digest('hex');
  const entry: AttachedEntry = { kind, id, time, attached: { sha256, bytes: Buffer.byteLength(text) } };
  return { line: JSON.stringify({ v: RECORD_VERSION, ...entry }), attachment: { sha256, text } };
}

/** Returns the hash of the attachment of a parsed line; undefined if the line is the whole entry. */
export function attachedTo(entry: unknown): string | undefined {
  const { attached } = (entry ?? {}) as Partial<AttachedEntry>;
  return typeof attached?.sha256 === 'string' ? attached.sha256 : undefined;
}

/** Returns the text of an attachment. @throws {LogProofError} if it is not the text of that hash */
export function checked(sha256: string, text: string | undefined): string {
  if (text === undefined) throw new LogProofError(`the attachment ${sha256} of an entry is not there`);
  if (createHash('sha256').update(text).digest('hex') !== sha256)
    throw new LogProofError(`the attachment ${sha256} of an entry was changed: it has another hash`);
  return text;
}
