import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf } from '@writ/sdk/lib/message-of';
import { StoreError } from '../../store/errors.js';
import type { LogGroup } from '../log/log-group.js';

/**
 * A file in front of the tables of the log: a record in it is on disk, and reaches the tables soon after. The file has its full size
 * from the beginning and is overwritten again and again, so that a sync puts the bytes of one record on disk and nothing else.
 *
 * The first page names the journal; the store has that name while the journal is in use. A record: the length of its payload
 * (4 bytes, big-endian), the CRC-32 of that (4 bytes), the payload: a line with the seal of the rest, a line of JSON, which is
 * the group without its body, then the body. It begins at a page of 4 KiB. A journal without a name has no seals.
 */

/** In the data folder. */
export const JOURNAL_FILE = 'log.journal';

/** The content of one write to the journal. */
export interface JournalRecord {
  /** The id of the last entry before it; empty for the first of the log. */
  readonly after: string;
  readonly group: LogGroup;
}

/** Enough: only a few milliseconds of decisions wait for the tables at one time. */
const SIZE = 2 ** 20;
const HEAD = 8;
/** Records begin at pages of the file: a record that shared a page with the one before would make the disk write that again. */
const PAGE = 4_096;

/** How a journal is recognised: by its name, and its records by a keyed hash. */
export interface JournalIdentity {
  /** Letters and digits. */
  readonly id: string;
  readonly seal: (text: string) => string;
}

const NAMED = 'writ journal ';

/** The journal of a service that keeps a log. */
export class Journal {
  private readonly begin: number;
  /** The place of the next record. */
  private at: number;
  /** Holds the one record that is being made: it is on the way of every answer. */
  private readonly record = Buffer.allocUnsafe(SIZE);

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    private readonly identity: JournalIdentity | undefined,
  ) {
    this.begin = identity === undefined ? 0 : PAGE;
    this.at = this.begin;
  }

  /**
   * Begins an empty journal, instead of what is there.
   *
   * @throws {StoreError} if there is no room for it, or it may not be written
   */
  static begin(file: string, identity?: JournalIdentity): Journal {
    try {
      // Under another name first: whenever the service is killed, there is a whole journal.
      const fresh = `${file}.new`;
      const descriptor = openSync(fresh, 'w+', 0o600);
      const bytes = Buffer.alloc(SIZE);
      if (identity !== undefined) bytes.write(`${NAMED}${identity.id}\n`);
      writeFileSync(descriptor, bytes);
      fsyncSync(descriptor);
      renameSync(fresh, file);
      syncFolder(dirname(file));
      return new Journal(file, descriptor, identity);
    } catch (cause) {
      throw new StoreError(
        `${file} could not be made: ${messageOf(cause)}`,
        'the data folder has to be writable, with 1 MiB free',
        {
          cause,
        },
      );
    }
  }

  /**
   * Puts a record on disk, and waits for that.
   *
   * @returns whether there was room for it
   * @throws if the disk fails: what follows the earlier records in the file is then not known
   */
  append({ after, group }: JournalRecord): boolean {
    const { body, ...rest } = group;
    const unsealed = `${JSON.stringify({ after, ...rest })}\n${body}`;
    const text = this.identity === undefined ? unsealed : `${this.identity.seal(unsealed)}\n${unsealed}`;
    const room = SIZE - this.at - HEAD;
    // UTF-8 has at most three bytes for a unit of a string's length.
    if (text.length > room || (text.length * 3 > room && Buffer.byteLength(text) > room)) return false;
    const { record } = this;
    const length = record.write(text, HEAD);
    record.writeUInt32BE(length, 0);
    record.writeUInt32BE(crc32(record.subarray(HEAD, HEAD + length)), 4);
    const whole = HEAD + length;
    for (let written = 0; written < whole; )
      written += writeSync(this.descriptor, record, written, whole - written, this.at + written);
    fdatasyncSync(this.descriptor);
    this.at = nextPage(this.at + whole);
    return true;
  }

  /** Goes back to the beginning, when everything in it is in the tables. */
  rewind(): void {
    this.at = this.begin;
  }

  /** @param isDone whether the tables have everything: the file is then removed */
  close(isDone: boolean): void {
    closeSync(this.descriptor);
    if (isDone) rmSync(this.file, { force: true });
  }
}

/** Returns the name of a journal; empty if it has none. */
export function journalId(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const page = Buffer.alloc(PAGE);
    readSync(descriptor, page, 0, PAGE, 0);
    return idIn(page);
  } finally {
    closeSync(descriptor);
  }
}

function idIn(bytes: Buffer): string {
  const line = bytes.toString('latin1', 0, Math.min(PAGE, bytes.length)).split('\n', 1)[0] ?? '';
  return line.startsWith(NAMED) ? line.slice(NAMED.length) : '';
}

/**
 * Returns the records of a journal in their order, also those that the tables have by now. They end where a record is cut, or is older
 * than the one before it: it was not overwritten yet.
 *
 * @param seal of the service that wrote it; without it, records are not verified
 * @throws {StoreError} if a whole record does not have the seal
 */
export function readJournal(file: string, seal?: JournalIdentity['seal']): JournalRecord[] {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const isNamed = idIn(bytes) !== '';
  const records: JournalRecord[] = [];
  for (let at = isNamed ? PAGE : 0, last = ''; at + HEAD <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const payload = bytes.subarray(at + HEAD, at + HEAD + length);
    if (length === 0 || payload.length < length || crc32(payload) !== bytes.readUInt32BE(at + 4)) break;
    const text = isNamed ? unsealed(payload.toString(), file, seal) : payload.toString();
    const end = text.indexOf('\n');
    const { after, ...rest } = JSON.parse(text.slice(0, end)) as Omit<LogGroup, 'body'> & { readonly after: string };
    if (rest.first <= last) break;
    records.push({ after, group: { ...rest, body: text.slice(end + 1) } });
    last = rest.last;
    at = nextPage(at + HEAD + length);
  }
  return records;
}

function unsealed(text: string, file: string, seal: JournalIdentity['seal'] | undefined): string {
  const end = text.indexOf('\n');
  const rest = text.slice(end + 1);
  if (seal !== undefined && seal(rest) !== text.slice(0, end))
    throw new StoreError(
      `${file} has a record that this service did not write`,
      'something other than Writ changed it: restore the data folder from a copy',
    );
  return rest;
}

/** Puts the name of a file on disk too: without it, a crash could lose the file. Windows has no sync for folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function nextPage(at: number): number {
  return Math.ceil(at / PAGE) * PAGE;
}

/** Returns the records of a journal that the tables do not have. @param last the id of the last entry in the tables; empty for none */
export function missingOf(records: readonly JournalRecord[], last: string): JournalRecord[] {
  return records.filter(({ group }) => group.first > last);
}

/** Returns the number of entries in records of a journal. */
export function entriesIn(records: readonly JournalRecord[]): number {
  return records.reduce((sum, { group }) => sum + group.count, 0);
}
