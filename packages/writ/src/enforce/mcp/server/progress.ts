import { defined } from '@writ/sdk/lib/defined';
import type { McpCaller } from '../protocol/caller.js';

type Notify = (notification: { method: string; params: Record<string, unknown> }) => Promise<void>;

/**
 * Returns listeners that notify a client of the progress of its call (MCP, "Progress"): first how long it is held,
 * then what its server says. A client that gave no token asked for none.
 */
export function progressOf(token: unknown, notify: Notify): Pick<McpCaller, 'onWait' | 'onProgress'> {
  if (typeof token !== 'string' && typeof token !== 'number') return { onWait: undefined, onProgress: undefined };
  // Progress has to grow: in seconds while the call is held, and from there on.
  let waited = 0;
  const send = (params: Record<string, unknown>): void => {
    // The call itself finds out that a client is gone.
    notify({ method: 'notifications/progress', params: { progressToken: token, ...params } }).catch(() => undefined);
  };
  return {
    onWait: (message, ms) => {
      waited = ms / 1_000;
      send({ progress: waited, message });
    },
    onProgress: ({ progress, total, message }) =>
      send({
        progress: waited + progress,
        ...defined({ total: total === undefined ? undefined : waited + total, message }),
      }),
  };
}
