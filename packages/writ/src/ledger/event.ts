import type { TaskKey } from '../lib/ids.js';
import type { EventMore } from './event-more.js';
import type { NamedItem } from './flow/stores.js';

/** The keys of an event that a bundle can name by one word; any other key is a CEL expression. */
export const NAMED_KEYS = ['task', 'actor', 'originator', 'resource', 'session'] as const;
export type NamedKey = (typeof NAMED_KEYS)[number];

/** An action as the ledger sees it. */
export interface LedgerEvent {
  readonly action: string;
  /** Whether it is an action of Writ itself, which counts only where it is named. */
  readonly isOwn: boolean;
  readonly input: unknown;
  readonly resource: { readonly type: string; readonly id: string };
  /** The owner of the originator if the registry knows one, otherwise the originator. */
  readonly lineage: string;
  /** The identities and the name of its task, if it has no token; undefined if it has one. */
  readonly taskName?: string | undefined;
  readonly keys: Readonly<Record<NamedKey, string>> & { readonly task: TaskKey };
  /** The labels that the result of the action adds to its task, as far as they are known. */
  readonly labels: readonly string[];
  /** The effects that `tools.yaml` describes the tool by. */
  readonly effects: readonly string[];
  /** The values of its arguments by their role. */
  readonly call: { valuesOf(role: 'amount' | 'destination' | 'target'): readonly (string | number)[] } | undefined;
  /** The data that it moves; undefined if its data is not traced. */
  readonly data: EventData | undefined;
  /** Returns more of it; undefined if no expression names that. */
  readonly more?: (() => EventMore) | undefined;
}

export interface EventData {
  /** The labels of its task when it was decided: arguments that were made up can be made of what has them, and of nothing later. */
  readonly taskLabels?: readonly string[];
  /** The labels of the stored things that it reads, or may read. */
  readonly stored: readonly string[];
  /** The things of a store that it reads, by their names; all of the store without names. */
  readonly reads?: StorePlaces | undefined;
  /** The keys of the stored things that it writes, or may write. */
  readonly writes: readonly string[];
  /** The labels of what it writes there. */
  readonly labels: readonly string[];
  /** The keys and labels of the names that it chose for what it writes. */
  readonly names?: readonly { readonly key: string; readonly labels: readonly string[] }[];
  /** How long the labels are kept in the store, in milliseconds; undefined for ever. */
  readonly keepMs?: number | undefined;
  /** The things that it writes; undefined if it writes no store. */
  readonly written?: WrittenThings | undefined;
}

/** The things of a store that a call reads. */
export interface StorePlaces {
  readonly store: string;
  /** Their names; all of the store without one. */
  readonly items: readonly string[];
  /** The members by which tools name things of the store. */
  readonly members: readonly string[];
}

/** The things that a call writes, as far as they are known before its answer. */
export interface WrittenThings {
  readonly store: string;
  readonly items: readonly NamedItem[];
  /** How much the names in its answer say: nothing more, the only name of a new thing, or further names of the same thing. */
  readonly answer: 'nothing' | 'new' | 'alias';
  /** The members by which things of the store are named. */
  readonly members: readonly string[];
}
