import type { HeldCall } from '../../call-queue.js';
import type { CallOptions } from '../protocol/call.js';

/** Tells a client that asked for it how far its call is (MCP, "Progress"): first how long it is held, then what its server says. */
export interface Progress {
  readonly onWait: HeldCall['onWait'];
  readonly onProgress: CallOptions['onProgress'];
}

type Notify = (notification: { method: string; params: Record<string, unknown> }) => Promise<void>;

export function progressOf(token: unknown, notify: Notify): Progress {
  if (typeof token !== 'string' && typeof token !== 'number') return { onWait: undefined, onProgress: undefined };
  // It has to grow; a client that is gone is found out by the call.
  let waited = 0;
  const tell = (params: Record<string, unknown>): void => {
    notify({ method: 'notifications/progress', params: { progressToken: token, ...params } }).catch(() => undefined);
  };
  return {
    onWait: (message, ms) => {
      waited = ms / 1_000;
      tell({ progress: waited, message });
    },
    onProgress: ({ progress, total, message }) =>
      tell({
        progress: waited + progress,
        ...(total === undefined ? {} : { total: waited + total }),
        ...(message === undefined ? {} : { message }),
      }),
  };
}
