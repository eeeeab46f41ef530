import { type Long, longOf } from './long.js';

const DAY_MS = 86_400_000n;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})/;
const TIME = /^T([0-9]{2}):([0-9]{2}):([0-9]{2})/;
const REST = /^(?:\.([0-9]{3}))?(?:Z|([+-])([0-9]{2})([0-9]{2}))$/;
const DURATION = /^-?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/;
/** More digits than any 64-bit integer has, leading zeros aside. */
const MAX_DIGITS = 20;

/** Cedar `datetime`: milliseconds since 1970-01-01T00:00:00Z, in 64 bits. */
export class Datetime {
  readonly typeName = 'datetime';
  constructor(readonly epochMs: Long) {}

  /** Reads `YYYY-MM-DD`, or with `THH:MM:SS[.SSS](Z|±hhmm)`; a message instead of a value when the text is not one. */
  static parse(text: string): Datetime | string {
    const date = DATE.exec(text);
    if (date === null) return 'invalid date pattern';
    const [year, month, day] = [Number(date[1]), Number(date[2]), Number(date[3])];
    let clock = [0, 0, 0, 0] as [number, number, number, number];
    let offsetMinutes = 0;
    if (text.length > date[0].length) {
      const time = TIME.exec(text.slice(date[0].length));
      if (time === null) return 'invalid hour/minute/second pattern';
      const rest = REST.exec(text.slice(date[0].length + time[0].length));
      if (rest === null) return 'invalid millisecond and/or offset pattern';
      clock = [Number(time[1]), Number(time[2]), Number(time[3]), Number(rest[1] ?? 0)];
      if (clock[0] > 23 || clock[1] > 59 || clock[2] > 59) return `invalid hour/minute/second: ${time[0].slice(1)}`;
      if (rest[2] !== undefined) {
        const [hours, minutes] = [Number(rest[3]), Number(rest[4])];
        if (hours > 23 || minutes > 59) return `invalid offset range: ${rest[3]}${rest[4]}`;
        offsetMinutes = (rest[2] === '+' ? 1 : -1) * (hours * 60 + minutes);
      }
    }
    const at = new Date(0);
    at.setUTCFullYear(year, month - 1, day);
    if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return `invalid date: ${date[0]}`;
    at.setUTCHours(...clock);
    return new Datetime(at.getTime() - offsetMinutes * 60_000);
  }

  /** This moment moved by a duration; undefined on overflow. */
  offset(by: Duration): Datetime | undefined {
    const ms = longOf(BigInt(this.epochMs) + BigInt(by.ms));
    return ms === undefined ? undefined : new Datetime(ms);
  }

  durationSince(other: Datetime): Duration | undefined {
    const ms = longOf(BigInt(this.epochMs) - BigInt(other.epochMs));
    return ms === undefined ? undefined : new Duration(ms);
  }

  /** Midnight UTC of this day; undefined on overflow. */
  toDate(): Datetime | undefined {
    const ms = longOf(BigInt(this.epochMs) - this.sinceMidnight());
    return ms === undefined ? undefined : new Datetime(ms);
  }

  toTime(): Duration {
    return new Duration(Number(this.sinceMidnight()));
  }

  private sinceMidnight(): bigint {
    const rest = BigInt(this.epochMs) % DAY_MS;
    return rest < 0n ? rest + DAY_MS : rest;
  }

  toString(): string {
    const at = new Date(Number(this.epochMs));
    const year = at.getUTCFullYear();
    return typeof this.epochMs === 'number' && year >= 0 && year <= 9999 ? at.toISOString() : `epoch ${this.epochMs}ms`;
  }
}

/** Cedar `duration`: milliseconds, in 64 bits. */
export class Duration {
  readonly typeName = 'duration';
  constructor(readonly ms: Long) {}

  /** Reads `-?NdNhNmNsNms`; a message instead of a value when the text is not one. */
  static parse(text: string): Duration | string {
    const match = DURATION.exec(text);
    if (match === null || text === '' || text === '-') return 'invalid duration pattern';
    const scales = [86_400_000n, 3_600_000n, 60_000n, 1_000n, 1n];
    let magnitude = 0n;
    for (const [i, scale] of scales.entries()) {
      const digits = (match[i + 1] ?? '').replace(/^0+/, '');
      if (digits.length > MAX_DIGITS) return 'Duration overflows internal representation';
      magnitude += BigInt(digits) * scale;
    }
    const ms = longOf(text.startsWith('-') ? -magnitude : magnitude);
    return ms === undefined ? 'Duration overflows internal representation' : new Duration(ms);
  }

  /** Whole units of `scale` milliseconds, rounded toward zero. */
  whole(scale: number): Long {
    return longOf(BigInt(this.ms) / BigInt(scale)) as Long;
  }

  toString(): string {
    return `${this.ms}ms`;
  }
}
