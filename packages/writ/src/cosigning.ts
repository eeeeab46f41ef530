import type { Logger } from 'pino';
import { LogTiles } from './audit/log/log-tiles.js';
import { parseVerifier } from './audit/tlog/note.js';
import { Cosigning } from './audit/witness/cosigning.js';
import type { RecordSettings } from './bundle/format/record.js';
import type { Store } from './store/store.js';

const EVERY_MS = 5_000;

/**
 * Has the log signed by the witnesses of the bundle that is served, every few seconds. A witness that cannot be asked holds nothing
 * up; one that knows of another log is an alarm.
 *
 * @returns what ends it
 */
export function startCosigning(
  store: Store,
  witnesses: () => RecordSettings['witnesses'],
  logger: Logger,
): () => Promise<void> {
  const tiles = new LogTiles(store);
  let of: RecordSettings['witnesses'] = [];
  let cosigning = new Cosigning(tiles, []);
  let round: Promise<void> | undefined;
  const go = async (): Promise<void> => {
    if (witnesses() !== of) {
      of = witnesses();
      cosigning = new Cosigning(
        tiles,
        of.map(({ url, key }) => ({ url, key: parseVerifier(key) })),
      );
    }
    for (const result of await cosigning.round()) {
      if ('alarm' in result)
        logger.error({ witness: result.witness }, `the log is not the one that the witness knows: ${result.alarm}`);
      else if ('failure' in result)
        logger.warn({ witness: result.witness }, `a witness cannot be asked: ${result.failure}`);
    }
  };
  const timer = setInterval(() => {
    round ??= go()
      .catch((error: unknown) => logger.warn({ err: error }, 'witnesses could not be asked'))
      .finally(() => {
        round = undefined;
      });
  }, EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}
