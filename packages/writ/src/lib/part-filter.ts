/** The lengths of the runs of a text that are kept. */
const [SHORT, LONG] = [3, 6] as const;
/** A part that is longer is not looked at any further than this. */
const MAX_LOOKED = 4_096;
const BITS_PER_RUN = 8;
const FACTOR = 0x01000193;

/**
 * Says of most texts that they are no part of a long text, in less time than a search takes. It keeps a bit for each run of a few
 * characters: a text with a run that the long text does not have is no part of it.
 */
export class PartFilter {
  private readonly short: Runs;
  private readonly long: Runs;

  constructor(text: string) {
    this.short = new Runs(text, SHORT);
    this.long = new Runs(text, LONG);
  }

  /** Returns false if a text is no part. */
  mayHave(part: string): boolean {
    if (part.length < SHORT) return true;
    return (part.length < LONG ? this.short : this.long).mayHaveAll(part);
  }
}

/** The runs of one length, as bits at their hashes. */
class Runs {
  private readonly bits: Uint32Array;
  private readonly mask: number;

  constructor(
    text: string,
    private readonly length: number,
  ) {
    let size = 1_024;
    while (size < text.length * BITS_PER_RUN) size *= 2;
    this.bits = new Uint32Array(size / 32);
    this.mask = size - 1;
    const { bits, mask } = this;
    for (let at = 0; at + length <= text.length; at += 1) {
      const bit = hashAt(text, at, length) & mask;
      bits[bit >>> 5] = (bits[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  mayHaveAll(part: string): boolean {
    const last = Math.min(part.length, MAX_LOOKED) - this.length;
    for (let at = 0; at <= last; at += 1) {
      const bit = hashAt(part, at, this.length) & this.mask;
      if (((this.bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** FNV-1a, over code units, with its high bits in the low ones. */
function hashAt(text: string, at: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), FACTOR);
  return hash ^ (hash >>> 15);
}
