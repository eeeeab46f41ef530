import type { Progress } from '@modelcontextprotocol/client';
import type { Permit } from '@writ/enforce';
import { defined } from '@writ/sdk/lib/defined';
import type { CallOptions } from '../protocol/call.js';

type OnProgress = CallOptions['onProgress'];

/** A number above this can say more than how far a call is. */
const MAX_COUNT = 1_000_000;

/**
 * Returns a listener that hands on the progress of a call. Its texts are learned with the outcome of the call. If the
 * permit changes the answer, no text and no number of the server is handed on: the client is notified that there is progress.
 */
export function progressOf(permit: Permit, onProgress: OnProgress): OnProgress {
  if (onProgress === undefined) return undefined;
  let steps = 0;
  return ({ progress, total, message }) => {
    steps += 1;
    if (permit.changesResult) return onProgress({ progress: steps });
    const said = defined({ message, progress: unusual(progress), total: unusual(total) });
    if (Object.keys(said).length === 0 || permit.handOn(said))
      onProgress(defined({ progress, total, message }) as Progress);
  };
}

function unusual(count: number | undefined): number | undefined {
  return count === undefined || (Number.isInteger(count) && Math.abs(count) <= MAX_COUNT) ? undefined : count;
}
