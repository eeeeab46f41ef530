import type { ServiceClient } from '@writ/sdk/client';
import type { Log } from '@writ/sdk/lib/log';
import type { AttemptBatch } from './attempt-folder.js';
import type { HandedIn } from './hand-in.js';

/** Returns a function that hands attempts in to a service. */
export function handInTo(client: ServiceClient, log: Log): (batch: AttemptBatch) => Promise<HandedIn> {
  return async ({ id, attempts, others }) => {
    const counts = attempts.map(({ at: _at, from: _from, ...one }) => one);
    const status = await client.send('POST', '/v1/attempts', { batch: id, attempts: counts, others }).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (status === undefined) return 'unreachable';
    if (status < 300) return 'recorded';
    if (status === 401 || status === 408 || status === 429 || status >= 500) return 'later';
    log.warn(`what was refused without a decision could not be handed in: the service answered with ${status}`);
    return 'refused';
  };
}
