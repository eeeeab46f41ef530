import type { Expr } from '@writ/cedar';
import { exprKey } from './expr-key.js';

const LONG = { low: -(2n ** 63n), high: 2n ** 63n - 1n };

/** Collects the demands on one value. */
export class Subject {
  /** The values that it may have, by their keys, with their number if they are one; undefined if it may have any. */
  private allowed: ReadonlyMap<string, bigint | undefined> | undefined;
  private readonly denied = new Set<string>();
  private low = LONG.low;
  private high = LONG.high;

  constructor(readonly expr: Expr) {
    if (isConstant(expr)) this.allow([expr]);
  }

  /** Asks for one of some values. */
  allow(values: readonly Expr[]): void {
    const these = new Map(values.map((value) => [exprKey(value), wholeNumber(value)] as const));
    const before = this.allowed;
    this.allowed = before === undefined ? these : new Map([...these].filter(([key]) => before.has(key)));
  }

  /** Asks for none of some values. */
  deny(values: readonly Expr[]): void {
    for (const value of values) this.denied.add(exprKey(value));
  }

  atLeast(number: bigint): void {
    if (number > this.low) this.low = number;
  }

  atMost(number: bigint): void {
    if (number < this.high) this.high = number;
  }

  /** Whether no value is all that was asked for. */
  get isImpossible(): boolean {
    if (this.low > this.high) return true;
    if (this.allowed === undefined) return false;
    for (const [key, number] of this.allowed)
      if (!this.denied.has(key) && (number === undefined || (number >= this.low && number <= this.high))) return false;
    return true;
  }
}

/** Returns whether the value of an expression is written in it: a text, a number, a truth value or an entity. */
export function isConstant(expr: Expr): boolean {
  return expr.op === 'entity' || (expr.op === 'value' && typeof expr.value !== 'object');
}

/** Returns the whole number that an expression is; undefined for another. */
export function wholeNumber(expr: Expr): bigint | undefined {
  if (expr.op !== 'value') return undefined;
  const { value } = expr;
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : undefined;
}
