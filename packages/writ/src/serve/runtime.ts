import type { Logger } from 'pino';
import type { Ids } from '../decide/ids.js';
import type { ChangeRecord, UsedProof } from '../decide/record.js';
import type { Clock } from '../lib/clock.js';

/** Records a change. @throws {RecordError} when it cannot be recorded */
export type RecordChange = (
  change: Omit<ChangeRecord, 'kind' | 'id' | 'time'>,
  /** The proofs that it uses up; they go to disk with it. */
  proofs?: readonly UsedProof[],
) => Promise<void>;

/** The parts that all others of a running service share. */
export interface Runtime {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes the ids of entries on the record. */
  readonly ids: Ids;
  readonly record: RecordChange;
}
