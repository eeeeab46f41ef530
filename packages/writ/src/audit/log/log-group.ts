import type { Removal, UsedProof } from '../../decide/record.js';
import type { PersonKeyRow } from '../protection/person-keys.js';
import type { Attachment } from './log-lines.js';

/** A task without a token, as the decision that began it says. */
export interface BegunTask {
  readonly txn: string;
  /** As `streamKey` gives it. */
  readonly stream: string;
  readonly originator: string;
  readonly actor: string;
  /** The enforcement point. */
  readonly startedBy: string;
  /** RFC 3339, UTC. */
  readonly started: string;
  /** How it began, as JSON: the `began` of the decision. */
  readonly began: string;
}

/** Entries of the log that are committed together, as one row. */
export interface LogGroup {
  /** The ids of the first and the last entry; ids ascend through the whole log. */
  readonly first: string;
  readonly last: string;
  readonly count: number;
  /** One JSON object a line: the entries of the log, byte for byte. */
  readonly body: string;
  /** The texts that are too long for a line. */
  readonly attachments: readonly Attachment[];
  /** The keys that seal entries and are not on disk yet. */
  readonly keys: readonly PersonKeyRow[];
  /** The decisions that the outcomes in the group are about. */
  readonly outcomes: readonly { readonly decisionId: string; readonly id: string }[];
  /** The uses of the caps of mandates by the permits in the group: JSON of a `CapUse`. */
  readonly uses: readonly { readonly decisionId: string; readonly use: string; readonly until: number }[];
  /** The holdings that the permits in the group reserve, as JSON; `at` in milliseconds since the epoch. */
  readonly holdings: readonly { readonly decisionId: string; readonly at: number; readonly reserved: string }[];
  /** The holdings of actions from their outcome on, as JSON; undefined if they have none. `at`: when they were permitted. */
  readonly held: readonly { readonly decisionId: string; readonly at: number; readonly held: string | undefined }[];
  readonly removed: readonly Removal[];
  /** The decisions whose action did not happen, by an outcome in the group: they took nothing. */
  readonly undone: readonly string[];
  /** The tasks without a token that the decisions in the group begin. */
  readonly begun: readonly BegunTask[];
  /** The proofs of possession that the entries used. */
  readonly proofs: readonly UsedProof[];
}
