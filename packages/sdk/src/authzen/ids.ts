declare const KIND: unique symbol;

/** The id of a decision: a ULID. */
export type DecisionId = string & { readonly [KIND]: 'decision' };
