import type { CedarType } from '@writ/cedar';
import type { z } from 'zod';
import type { LedgerEvent } from '../event.js';
import type { Account } from './account.js';
import type { Amounts, LedgerValue, Measured } from './amounts.js';
import type { CelPart, RunPart } from './expression.js';
import type { ResultIntegrity } from './result-integrity.js';

/** An accumulator as a bundle declares it, with the member of exactly one kind, and others that this kind has. */
export interface AccumulatorDeclaration {
  /** The name of a key (`NAMED_KEYS`), or CEL that gives a text or a whole number. */
  readonly key: string;
  /** CEL, true for the actions that count; undefined if all count. */
  readonly on?: string | undefined;
  /** The time for which an action counts; undefined for ever. */
  readonly window?: string | undefined;
  /** Undefined if an action that failed or was not executed gives its amount back. */
  readonly givesBack?: 'never' | undefined;
  /** Of an accumulator over results: the lowest integrity of the values that it sees. */
  readonly integrity?: ResultIntegrity | undefined;
  readonly [member: string]: unknown;
}

/** The type that the schema declares `context.ledger` with for an accumulator. */
export interface SchemaType {
  /** As in a `.cedarschema` file. */
  readonly name: string;
  is(type: CedarType): boolean;
}

/**
 * A kind of accumulator: everything that the ledger, the format of `ledger.yaml` and `writ check` know of it.
 * A new kind is one such object in `KINDS` (kinds.ts).
 *
 * @typeParam Members the members of a declaration that only this kind has
 */
export interface AccumulatorKind<
  Members = Readonly<Record<string, unknown>>,
  A extends Measured = Measured,
  Of extends Account<A> = Account<A>,
> {
  /** The member of a declaration that chooses the kind. */
  readonly name: keyof Members & string;
  /** The shape of each member; all but `name` are optional. */
  readonly shape: Readonly<Record<keyof Members & string, z.ZodType>>;
  /** The CEL of a declaration. */
  expressions(members: Members): readonly CelPart[];
  /** Names what is accumulated. An account continues, over a restart or a new bundle, only under the same name and key. */
  fold(members: Members): string;
  schemaType(members: Members): SchemaType;
  /** Whether the amounts are the labels of a result: these are known only when there is one. */
  isOfLabels(members: Members): boolean;
  readonly amounts: Amounts<A>;
  /** @param resolution ends of windows are rounded up to this many ms */
  account(resolution: number): Of;
  /**
   * Returns the function that measures an event; with its result, if an expression names `result`.
   *
   * @param run returns an expression of the declaration by its part
   */
  measure(name: string, members: Members, run: (part: string) => RunPart): (event: LedgerEvent, result?: unknown) => A;
  /** Returns the function that measures an action by its result; undefined if the result gives no other amount. */
  actual(
    name: string,
    members: Members,
    run: (part: string) => RunPart,
  ): ((event: LedgerEvent, result: unknown) => A) | undefined;
  /** @throws {LedgerError} if an account would hold more than it may */
  checkRoom(name: string, account: Of, amount: A, now: number): void;
  /** Whether a policy sees the value with the present action in it. */
  readonly countsPresent: boolean;
  /** Returns the value of an account, with the amount of the present action if it has one. */
  show(account: Of, present: A | undefined, now: number, members: Members): LedgerValue;
}
