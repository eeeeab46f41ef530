import { every } from '@writ/sdk/lib/every';
import type { Logger } from 'pino';
import type { Store } from '../../store/store.js';
import { LogTiles, NO_CATCH_UP } from '../log/log-tiles.js';
import { parseVerifier } from '../tlog/note.js';
import { Cosigning } from './cosigning.js';

/** A witness to ask: its URL, and its verifier key as `<name>+<key id>+<key>` (C2SP signed-note). */
export interface WitnessAddress {
  readonly url: string;
  readonly key: string;
}

const ROUND_MS = 5_000;

/**
 * Has witnesses sign the log every few seconds. A witness that does not answer delays nothing; one that knows another log is
 * logged as an error.
 *
 * @param witnesses returns those to ask now; another array when they changed
 * @returns a function that stops it and resolves when the round that is under way is over
 */
export function startCosigning(
  store: Store,
  witnesses: () => readonly WitnessAddress[],
  logger: Logger,
): () => Promise<void> {
  const tiles = new LogTiles(store, NO_CATCH_UP);
  let current: readonly WitnessAddress[] = [];
  let cosigning = new Cosigning(tiles, []);
  const round = async (): Promise<void> => {
    if (witnesses() !== current) {
      current = witnesses();
      cosigning = new Cosigning(
        tiles,
        current.map(({ url, key }) => ({ url, key: parseVerifier(key) })),
      );
    }
    for (const result of await cosigning.round()) {
      if ('alarm' in result)
        logger.error({ witness: result.witness }, `the log is not the one that the witness knows: ${result.alarm}`);
      else if ('failure' in result)
        logger.warn({ witness: result.witness }, `a witness cannot be asked: ${result.failure}`);
    }
  };
  return every(ROUND_MS, round, (error) => logger.warn({ err: error }, 'witnesses could not be asked'));
}
