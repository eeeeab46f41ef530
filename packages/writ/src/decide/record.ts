import type { EntityUid } from '@writ/cedar';
import type { OutcomeStatus } from '../ledger/ledger.js';
import type { Decision } from './decision.js';
import type { AccessRequest } from './request.js';

/** An entity as a decision saw it, in Cedar's JSON data format. */
export interface FactRecord {
  readonly uid: EntityUid;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly ancestors: readonly EntityUid[];
}

/** One decision with everything that it read, so that it can be explained and made again. */
export interface DecisionRecord extends Decision {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly enforcementPoint: string;
  readonly request: AccessRequest;
  readonly provenance?: { readonly path: readonly EntityUid[]; readonly assurance: number };
  readonly facts: readonly FactRecord[];
  readonly ledger: Readonly<Record<string, number | string | readonly string[]>>;
}

/** What became of a permitted action. */
export interface OutcomeRecord {
  readonly decisionId: string;
  readonly time: string;
  readonly enforcementPoint: string;
  readonly status: OutcomeStatus;
}

/** Where the pipeline puts its records. A promise that is kept means: on disk. */
export interface Append {
  decision(record: DecisionRecord): Promise<void>;
  outcome(record: OutcomeRecord): Promise<void>;
}
