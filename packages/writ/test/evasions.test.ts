import { describe, expect, it } from 'vitest';
import { CLASSES } from './evasions/classes.js';
import { EvasionRun } from './evasions/run-evasion.js';
import { bundleFrom } from './planes.js';

/** Each attack is stopped, and its honest twin is permitted (`evasions/evasion.ts`). */
describe.each(CLASSES)('evasion by $name', ({ bundle: files, evasions }) => {
  const bundle = bundleFrom(files);
  it('has at least 12, each with a name of its own', () => {
    expect(evasions.length).toBeGreaterThanOrEqual(12);
    expect(new Set(evasions.map(({ name }) => name)).size).toBe(evasions.length);
  });

  it.each(evasions)('$name: is stopped', async ({ attack }) => {
    expect(await new EvasionRun(bundle).run(attack, 'not permit')).toBeUndefined();
  });

  it.each(evasions)('$name: the honest twin is permitted', async ({ twin }) => {
    expect(await new EvasionRun(bundle).run(twin, 'permit')).toBeUndefined();
  });
});
