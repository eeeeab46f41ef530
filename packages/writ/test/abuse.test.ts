import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ATTACKS } from '../abuse/attacks.js';
import { run } from '../abuse/run.js';

/** A third of the fast attacks, so that `npm test` ends in time; `npm run abuse -w writ` makes all, on SQLite and PostgreSQL. */
const SAMPLE = ATTACKS.filter(({ sample }) => sample).filter((_attack, i) => i % 3 === 0);
/** Other test files run beside this one. */
process.env.WRIT_ABUSE_PATIENCE ??= '6';
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

it('attacks have names of their own, and those of a store name a store', () => {
  expect(ATTACKS.map(({ name }) => name)).toEqual([...new Set(ATTACKS.map(({ name }) => name))]);
  expect(ATTACKS.filter(({ stores }) => stores?.length === 0)).toEqual([]);
});

it('the attacks of the sample hold, and their honest twins go through', { timeout: 600_000 }, async () => {
  const tried = await run(SAMPLE, { root: ROOT, stores: ['sqlite'] });
  const wrong = tried.filter(({ attack, twin }) => attack !== undefined || twin !== undefined);
  expect(wrong).toEqual([]);
  expect(tried.length).toBeGreaterThan(15);
});
