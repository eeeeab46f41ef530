import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isSound, soak } from '../soak/soak.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

it('two minutes of mixed traffic: no error but being turned away, no leak, nothing lost', {
  timeout: 240_000,
}, async () => {
  const report = await soak({
    command: here('../bin/writ.js'),
    bundle: here('../soak/bundle'),
    minutes: 2,
    clients: 8,
    restMs: 15,
    seed: Date.now() % 2 ** 31,
  });
  expect(report).toMatchObject({ failures: [], lost: [], exit: 0 });
  expect(isSound(report) ? undefined : report).toBeUndefined();
  for (const [deed, times] of Object.entries(report.deeds)) expect([deed, times > 0]).toEqual([deed, true]);
});
