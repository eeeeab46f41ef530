import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LogTiles } from '../log/log-tiles.js';
import type { Acceptance } from '../state/acceptance.js';
import { parseVerifier } from '../tlog/note.js';
import { Cosigning } from './cosigning.js';
import type { WitnessAddress } from './start-cosigning.js';

interface WitnessAtStart extends WitnessAddress {
  /** Whether the start waits until this witness answers. */
  readonly required: boolean;
}

interface AskingParts {
  readonly tiles: LogTiles;
  readonly acceptance: Acceptance;
  readonly logger: Logger;
  /** Called with why the start waits, and with undefined once it continues. */
  readonly onWait: (why: string | undefined) => void;
  /** Aborted when the start is given up. */
  readonly stop?: AbortSignal | undefined;
  /** How often the log says that the start waits. */
  readonly sayEveryMs?: number;
}

const RETRY_MS = 1_000;
const SAY_EVERY_MS = 30_000;

const HELP =
  'an earlier copy of the store was put back, or the log was begun again: start on the newest copy. To start on this one: writ start --accept-state REASON, which is recorded; that witness does not sign for it any more';

/**
 * Asks the witnesses to sign the end of the log before anything is permitted: they know if it was longer, or another one. A witness
 * that cannot be asked is a warning; the start waits for one that is required.
 *
 * @throws {StateError} if a witness signed for entries that this log does not have
 * @throws {Error} the reason of `stop`
 */
export async function askWitnessesAtStart(
  witnesses: readonly WitnessAtStart[],
  { tiles, acceptance, logger, onWait, stop, sayEveryMs = SAY_EVERY_MS }: AskingParts,
): Promise<void> {
  const began = performance.now();
  let sayAt = began;
  for (let left = witnesses; left.length > 0; ) {
    const isSaid = performance.now() >= sayAt;
    if (isSaid) sayAt = performance.now() + sayEveryMs;
    const verifiers = left.map(({ url, key }) => ({ url, key: parseVerifier(key) }));
    const results = await new Cosigning(tiles, verifiers, stop).round();
    stop?.throwIfAborted();
    // They are in the order of the witnesses.
    left = left.filter((witness, i) => {
      const result = results[i];
      if (result === undefined) return false;
      if ('alarm' in result)
        acceptance.refuse(`the log is not the one that the witness ${result.witness} knows: ${result.alarm}`, HELP);
      if (!('failure' in result)) return false;
      const { required } = witness;
      const { witness: name, failure } = result;
      if (isSaid) logger.warn({ witness: name, required }, `a witness cannot be asked at the start: ${failure}`);
      return required;
    });
    if (left.length === 0) break;
    const names = left.map(({ key }) => parseVerifier(key).name);
    const why = `the start waits for a witness that is required: ${names.join(', ')}`;
    const waitedS = Math.round((performance.now() - began) / 1_000);
    if (isSaid) logger.warn({ waitedS }, `${why}; nothing is permitted until it answers`);
    onWait(`${why}; see the log`);
    // An aborted pause has another error than the reason.
    await pause(RETRY_MS, undefined, stop && { signal: stop }).catch(() => stop?.throwIfAborted());
  }
  onWait(undefined);
}
