import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf } from '../../lib/message-of.js';
import { StoreError } from '../../store/errors.js';
import type { LogGroup } from '../log/log-group.js';

/**
 * A file in front of the tables of the log: a record in it is on disk, and reaches the tables soon after. The file has its full size
 * from the beginning and is overwritten again and again, so that a sync puts the bytes of one record on disk and nothing else.
 *
 * A record: the length of its payload (4 bytes, big-endian), the CRC-32 of that (4 bytes), the payload: a line of JSON, which is the
 * group without its body, then the body. It begins at a page of 4 KiB.
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

/** The journal of a service that keeps a log. */
export class Journal {
  /** The place of the next record. */
  private at = 0;
  /** Holds the one record that is being made: it is on the way of every answer. */
  private readonly record = Buffer.allocUnsafe(SIZE);

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
  ) {}

  /**
   * Begins an empty journal, instead of what is there.
   *
   * @throws {StoreError} if there is no room for it, or it may not be written
   */
  static begin(file: string): Journal {
    try {
      const descriptor = openSync(file, 'w+', 0o600);
      writeFileSync(descriptor, Buffer.alloc(SIZE));
      fsyncSync(descriptor);
      syncFolder(dirname(file));
      return new Journal(file, descriptor);
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
    const text = `${JSON.stringify({ after, ...rest })}\n${body}`;
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
    this.at = 0;
  }

  /** @param isDone whether the tables have everything: the file is then removed */
  close(isDone: boolean): void {
    closeSync(this.descriptor);
    if (isDone) rmSync(this.file, { force: true });
  }
}

/**
 * Returns the records of a journal in their order, also those that the tables have by now. They end where a record is cut, or is older
 * than the one before it: it was not overwritten yet.
 */
export function readJournal(file: string): JournalRecord[] {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const records: JournalRecord[] = [];
  for (let at = 0, last = ''; at + HEAD <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const payload = bytes.subarray(at + HEAD, at + HEAD + length);
    if (length === 0 || payload.length < length || crc32(payload) !== bytes.readUInt32BE(at + 4)) break;
    const end = payload.indexOf('\n');
    const { after, ...rest } = JSON.parse(payload.toString('utf8', 0, end)) as Omit<LogGroup, 'body'> & {
      readonly after: string;
    };
    if (rest.first <= last) break;
    records.push({ after, group: { ...rest, body: payload.toString('utf8', end + 1) } });
    last = rest.last;
    at = nextPage(at + HEAD + length);
  }
  return records;
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
