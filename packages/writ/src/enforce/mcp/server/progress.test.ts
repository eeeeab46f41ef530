import { describe, expect, it } from 'vitest';
import { progressOf } from './progress.js';

describe('progress of a call', () => {
  it.each([undefined, null, {}, true])('is not sent without a token: %j', (token) => {
    const { onWait, onProgress } = progressOf(token, () => expect.fail('nothing is sent'));
    expect([onWait, onProgress]).toEqual([undefined, undefined]);
  });

  it('grows: first how long the call is held, then what its server says', () => {
    const sent: unknown[] = [];
    const { onWait, onProgress } = progressOf(7, async ({ method, params }) => void sent.push([method, params]));
    onWait?.('waiting', 1_500);
    onProgress?.({ progress: 1, total: 2 });
    onProgress?.({ progress: 2, message: 'done' });
    const common = { progressToken: 7 };
    expect(sent).toEqual([
      ['notifications/progress', { ...common, progress: 1.5, message: 'waiting' }],
      ['notifications/progress', { ...common, progress: 2.5, total: 3.5 }],
      ['notifications/progress', { ...common, progress: 3.5, message: 'done' }],
    ]);
  });

  it('does not fail a call whose client is gone', async () => {
    const { onWait } = progressOf('t', () => Promise.reject(new Error('gone')));
    onWait?.('waiting', 0);
    await Promise.resolve();
  });
});
