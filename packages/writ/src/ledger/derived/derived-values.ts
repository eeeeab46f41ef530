import type { LedgerEvent } from '../event.js';
import { compileDerived, type FactReader } from './derived-expression.js';
import type { DerivedType, DerivedValue } from './derived-type.js';

/** A value that is computed from a call and from facts, as `ledger.yaml` declares it. */
export interface DerivedDeclaration {
  /** The actions that have it. */
  readonly of: readonly string[];
  readonly type: DerivedType;
  /** CEL over the action, with `fact(type, id, attribute)`. */
  readonly is: string;
}

type Compute = (event: LedgerEvent, fact: FactReader) => DerivedValue;

/** The values that policies and accumulators see of calls, apart from their arguments. */
export class DerivedValues {
  private readonly byAction = new Map<string, Map<string, Compute>>();

  /** @throws {AccumulatorError} if an expression cannot work */
  constructor(declared: Readonly<Record<string, DerivedDeclaration>>) {
    for (const [name, one] of Object.entries(declared)) {
      const compute = compileDerived(name, one);
      for (const action of one.of) {
        const its = this.byAction.get(action) ?? new Map<string, Compute>();
        this.byAction.set(action, its.set(name, compute));
      }
    }
  }

  /** Whether the bundle derives nothing. */
  get isEmpty(): boolean {
    return this.byAction.size === 0;
  }

  /** Returns the names of the values that an action has. */
  namesOf(action: string): readonly string[] {
    return [...(this.byAction.get(action)?.keys() ?? [])];
  }

  /**
   * Returns a value of an action; undefined if the action does not have it.
   *
   * @throws {UnknownValueError} if it cannot be computed, for example because a fact is missing
   */
  of(event: LedgerEvent, name: string, fact: FactReader): DerivedValue | undefined {
    return this.byAction.get(event.action)?.get(name)?.(event, fact);
  }
}
