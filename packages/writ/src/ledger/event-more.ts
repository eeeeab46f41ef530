/** More of an action, for expressions that name it: it is made on demand. */
export interface EventMore {
  /** The kind of its task; empty without one. */
  readonly kind: string;
  /** The scope of its token. */
  readonly scope: readonly string[];
  /** How well its identities are proved. */
  readonly assurance: number;
  /** The details of the transaction that its token has (`tctx`); undefined if they are not known. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** The properties of the action. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The attributes of the entities as policies see them, as CEL has them. */
  readonly facts: Readonly<Record<'originator' | 'actor' | 'resource', ReadonlyMap<string, unknown>>>;
  /** The attributes of these entities that should be known and are not, or are too old. */
  readonly withheld: ReadonlySet<string>;
  /** The names of its derived values. */
  readonly derivedNames: readonly string[];
  /** Computes a derived value of the action; undefined if it has none of that name. @throws {LedgerError} if that fails */
  derived(name: string): unknown;
}

/** The variables of CEL that {@link EventMore} gives. */
export const MORE_VARIABLES = ['kind', 'scope', 'assurance', 'details', 'properties', 'facts', 'derived'] as const;
