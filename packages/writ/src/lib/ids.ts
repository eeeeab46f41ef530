declare const KIND: unique symbol;

/** The id of a decision: a ULID. */
export type DecisionId = string & { readonly [KIND]: 'decision' };

/** A transaction: what all tokens of one task have in common (`txn`). */
export type Txn = string & { readonly [KIND]: 'txn' };

/** The key of a task in the ledger: of its transaction, or of who works on it under which name. */
export type TaskKey = string & { readonly [KIND]: 'task' };
