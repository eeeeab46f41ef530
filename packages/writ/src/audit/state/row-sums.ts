import { hash } from 'node:crypto';

const MODULUS = 1n << 256n;
const MASK = MODULUS - 1n;

/** The value of a column of a state table. */
export type Cell = string | number | bigint | null;

/**
 * Adds up the rows of tables: an incremental hash of a set of rows (MSet-Add-Hash of Clarke and others, ASIACRYPT 2003). The digest is
 * the sum of a keyed hash of each row, modulo 2^256, and is stored with a keyed hash of its number added. Without the key neither the
 * hash of a row nor the digest of other rows can be made, also by a reader of every digest that there ever was.
 */
export class RowSums {
  private readonly key: string;

  constructor(key: Buffer) {
    this.key = key.toString('hex');
  }

  /** Returns the hash of a row. @param cells the names and values of the columns, in their order */
  row(table: string, columns: readonly string[], cells: readonly Cell[]): bigint {
    const named: unknown[] = [table];
    // A column that a later version adds, and that has no value yet, changes no digest.
    for (const [i, cell] of cells.entries())
      if (cell !== null) named.push(columns[i], typeof cell === 'bigint' ? Number(cell) : cell);
    return this.hashed(JSON.stringify(named));
  }

  /** Returns a digest with a change of its sum; its number is one more. */
  changed(table: string, digest: string, seq: number, change: bigint): string {
    return this.blinded(table, this.sumOf(table, digest, seq) + change, seq + 1);
  }

  /** Returns the digest of a sum. */
  blinded(table: string, sum: bigint, seq: number): string {
    return ((sum + this.blind(table, seq)) & MASK).toString(16).padStart(64, '0');
  }

  /** Returns the sum in a digest. */
  sumOf(table: string, digest: string, seq: number): bigint {
    return (BigInt(`0x${digest}`) - this.blind(table, seq)) & MASK;
  }

  private blind(table: string, seq: number): bigint {
    return this.hashed(JSON.stringify({ blind: table, seq }));
  }

  /** The key on both sides: no longer text has a hash that follows from this one. */
  private hashed(text: string): bigint {
    return BigInt(`0x${hash('sha256', `${this.key}${text}\n${this.key}`, 'hex')}`);
  }
}

/** Returns sums that are the same, however often the modulus was passed. */
export function sameSum(a: bigint, b: bigint): boolean {
  return ((a - b) & MASK) === 0n;
}
