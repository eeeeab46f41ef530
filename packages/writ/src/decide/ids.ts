import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Makes ULIDs, each later than all before, also if the clock goes back and over restarts: the order of the log. */
export class Ids {
  private readonly ulid = monotonicFactory(randomFraction());
  private latest: number;

  /** @param last the id of the last entry on the record */
  constructor(last?: string) {
    this.latest = last === undefined ? 0 : timeOf(last) + 1;
  }

  next(now: Date): string {
    this.latest = Math.max(this.latest, now.getTime());
    return this.ulid(this.latest);
  }
}

/** Returns the time in an id, in ms since the epoch: its first ten digits. */
function timeOf(id: string): number {
  return [...id.slice(0, 10)].reduce((time, digit) => time * 32 + DIGITS.indexOf(digit), 0);
}

/** Returns a source of random numbers from 0 up to 1. hot: it fetches many bytes at a time. */
function randomFraction(): () => number {
  const bytes = new Uint8Array(4_096);
  let next = bytes.length;
  return () => {
    if (next === bytes.length) {
      randomFillSync(bytes);
      next = 0;
    }
    const byte = bytes[next] as number;
    next += 1;
    return byte / 256;
  };
}
