declare const KIND: unique symbol;

export type { DecisionId } from '@writ/sdk/authzen';

/** A transaction: what all tokens of one task have in common (`txn`). */
export type Txn = string & { readonly [KIND]: 'txn' };

/** The key of a task in the ledger: of its transaction, or of who works on it under which name. */
export type TaskKey = string & { readonly [KIND]: 'task' };
