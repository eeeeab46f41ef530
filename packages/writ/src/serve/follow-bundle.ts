import type { Log } from '@writ/sdk/lib/log';
import type { Logger } from 'pino';
import type { Serving } from './serving.js';

interface FollowParts {
  readonly serving: Serving;
  readonly logger: Logger;
  readonly log: Log;
  /** The name of the face in the log. */
  readonly face: string;
  /** The sentence of the log for a face that should listen, and does not. */
  readonly failure: string;
}

/** Lets a face listen as each bundle needs it: now, and after each activation. @throws {Error} if it cannot listen now */
export async function followBundle(
  listener: { readonly url: string | undefined; follow(): Promise<void> },
  { serving, logger, log, face, failure }: FollowParts,
): Promise<void> {
  await listener.follow();
  serving.onActivate(async () => {
    const before = listener.url;
    // The rest of the bundle is not affected; the next activation tries again.
    await listener.follow().catch((error: unknown) => log.error(error, failure));
    const { url } = listener;
    if (url !== before) logger.info({ face, url }, url ? 'listening' : 'not listening');
  });
}
