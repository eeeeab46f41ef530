import type { ServingStateHolder } from '../api/http/serving-state.js';
import { askWitnessesAtStart } from '../audit/witness/ask-at-start.js';
import type { ActivationPart } from './activation.js';
import type { ActiveBundle } from './active.js';
import { type Rooms, recordAccepted } from './open-rooms.js';

/**
 * Returns the part of the first activation that asks the witnesses of the bundle whether the log is the one that they know.
 *
 * @param stop aborted when the start is given up
 */
export function witnessPart(
  rooms: Rooms,
  active: ActiveBundle,
  state: ServingStateHolder,
  stop: AbortSignal | undefined,
): ActivationPart {
  const { logKey, keeping, acceptance, runtime } = rooms;
  return {
    async prepare({ settings }) {
      if (active.isEmpty && logKey !== undefined) {
        const onWait = (why: string | undefined): void => state.waitFor(why);
        await askWitnessesAtStart(settings.record.witnesses, {
          ...{ tiles: keeping.tiles, acceptance, logger: runtime.logger, onWait, stop },
        });
        await recordAccepted(acceptance, runtime);
      }
      return { commit: () => undefined };
    },
  };
}
