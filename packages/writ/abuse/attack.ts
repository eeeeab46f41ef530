import type { World } from './world.js';

export type StoreKind = 'sqlite' | 'postgres';

/** Undefined if it held, or if the honest request went through; otherwise a sentence that says what happened. */
export type Held = string | undefined;

/** A named attack on a running service, gateway or guard, from outside. */
export interface Attack {
  /** Names the attack in the table; unique. */
  readonly name: string;
  readonly kind: string;
  /** The finding that it comes from: `F1`, a case of a public report, or `E` for what no attack had tried. */
  readonly finding: string;
  /** The stores for which the attack makes a difference; SQLite alone by default. */
  readonly stores?: readonly StoreKind[];
  /** Whether `npm test` runs it. */
  readonly sample?: boolean;
  /** How long both may take; 60 seconds by default. */
  readonly seconds?: number;
  /** Says what got through. */
  attack(world: World): Promise<Held>;
  /** Makes the honest request, which differs in one fact; says why it did not go through. */
  twin(world: World): Promise<Held>;
}

export const BOTH: readonly StoreKind[] = ['sqlite', 'postgres'];
