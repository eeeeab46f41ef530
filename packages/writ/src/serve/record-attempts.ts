import { join } from 'node:path';
import { AttemptFolder, AttemptsToHandIn } from '@writ/enforce/attempts';
import type { Log } from '@writ/sdk/lib/log';
import { ATTEMPTS_FOLDER } from '../store/files.js';
import type { Rooms } from './open-rooms.js';

/** A flood of strangers costs the deciding thread a write in this time. */
const WRITE_EVERY_MS = 10_000;
/** The service hands in to itself: no caller has this name. */
const ITSELF = '';

/**
 * Records, once a minute, requests that were refused without a decision. Those that cannot be recorded are counted with the next, also
 * after a restart.
 */
export function recordAttempts({ data, runtime, batches, attemptKey }: Rooms): AttemptsToHandIn {
  const { record, logger, clock } = runtime;
  const log: Log = {
    warn: (message) => logger.warn(message),
    error: (err, message) => logger.error({ err }, message),
  };
  return new AttemptsToHandIn({
    folder: new AttemptFolder(join(data, ATTEMPTS_FOLDER), attemptKey, 'this service', log),
    async handIn({ id, attempts, others }) {
      const change = { by: 'writ', what: 'attempts.refused', detail: { batch: id, attempts, others } };
      try {
        return (await batches.once(ITSELF, id, (proofs) => record(change, proofs))) ? 'recorded' : 'later';
      } catch (error) {
        log.error(error, 'refused attempts could not be recorded');
        return 'later';
      }
    },
    clock,
    log,
    pausesFirst: true,
    writeEveryMs: WRITE_EVERY_MS,
  });
}
