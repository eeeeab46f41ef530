import type { LogWriter } from '../audit/log/log-writer.js';
import { UndoneRates } from '../decide/undone-rate.js';
import type { Runtime } from './runtime.js';

/** Warns, and records, when a caller reports most of its permits as failed or not executed. */
export function watchOutcomes(log: LogWriter, { logger, record }: Pick<Runtime, 'logger' | 'record'>): void {
  const rates = new UndoneRates();
  log.onEntries((notes) => {
    for (const { status, caller } of notes) {
      if (status === undefined || caller === undefined) continue;
      const alarm = rates.add(caller, status, performance.now());
      if (alarm === undefined) continue;
      logger.warn(
        { ...alarm },
        'a caller reports most of its permits as not done, and each gives its budget back; see whether they were done',
      );
      record({ by: 'writ', what: 'outcomes.undone', detail: { ...alarm } }).catch((error: unknown) =>
        logger.error({ err: error }, 'the alarm could not be recorded'),
      );
    }
  });
}
