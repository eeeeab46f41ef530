import type { TaskKey } from '../lib/ids.js';

/** The keys of an event that a bundle can name by one word; any other key is a CEL expression. */
export const NAMED_KEYS = ['task', 'actor', 'originator', 'resource', 'session'] as const;
export type NamedKey = (typeof NAMED_KEYS)[number];

/** An action as the ledger sees it. */
export interface LedgerEvent {
  readonly action: string;
  readonly input: unknown;
  readonly resource: { readonly type: string; readonly id: string };
  /** The owner of the originator if the registry knows one, otherwise the originator. */
  readonly lineage: string;
  readonly keys: Readonly<Record<NamedKey, string>> & { readonly task: TaskKey };
  /** The labels that the result of the action adds to its task, as far as they are known. */
  readonly labels: readonly string[];
  /** The effects that `tools.yaml` describes the tool by. */
  readonly effects: readonly string[];
  /** The values of its arguments by their role. */
  readonly call: { valuesOf(role: 'amount' | 'destination' | 'target'): readonly (string | number)[] } | undefined;
  /** The data that it moves; undefined if its data is not traced. */
  readonly data: EventData | undefined;
}

export interface EventData {
  /** The labels of the stored things that it reads. */
  readonly stored: readonly string[];
  /** The keys of the stored things that it writes. */
  readonly writes: readonly string[];
  /** The labels of what it writes there. */
  readonly labels: readonly string[];
}
