import type { Logger } from 'pino';
import type { Ids } from '../decide/ids.js';
import type { ChangeRecord } from '../decide/record.js';

/** Records a change. @throws {RecordError} when it cannot be recorded */
export type RecordChange = (change: Omit<ChangeRecord, 'kind' | 'id' | 'time'>) => Promise<void>;

/** The parts that all others of a running service share. */
export interface Runtime {
  readonly clock: () => Date;
  readonly logger: Logger;
  /** Makes the ids of entries on the record. */
  readonly ids: Ids;
  readonly record: RecordChange;
}
