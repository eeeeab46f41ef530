import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isSound, soak } from '../soak/soak.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A sample; `npm run soak -w writ` runs for an hour, or for as many minutes as it is given. */
const SECONDS = 20;

it('mixed traffic: no error but being turned away, no leak, nothing lost', {
  timeout: 120_000,
}, async () => {
  const report = await soak({
    command: here('../bin/writ.js'),
    bundle: here('../soak/bundle'),
    minutes: SECONDS / 60,
    clients: 8,
    restMs: 15,
    seed: Date.now() % 2 ** 31,
  });
  expect(report).toMatchObject({ failures: [], lost: [], exit: 0 });
  expect(isSound(report) ? undefined : report).toBeUndefined();
  for (const [deed, times] of Object.entries(report.deeds)) expect([deed, times > 0]).toEqual([deed, true]);
});
