import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWN_CASES } from '../conformance/own-cases.js';
import { type CaseResult, runCases } from '../conformance/run.js';
import { vectors } from '../conformance/vectors.js';
import { Authority } from './certificates.js';
import { EXAMPLES, type Running, run } from './running.js';

/** The certification scenario and the Todo interop decisions, over HTTPS. */

const VECTORS = fileURLToPath(new URL('../../../../shared/authzen-vectors', import.meta.url));
const HAS_VECTORS = existsSync(VECTORS);

let authority: Authority;
let certification: Running;
let todo: Running;
beforeAll(async () => {
  authority = await Authority.make();
  const tls = await authority.serverFiles();
  certification = await run(join(EXAMPLES, 'authzen-certification'), { tls });
  todo = await run(join(EXAMPLES, 'authzen-todo'), { tls });
});
afterAll(async () => {
  await certification.stop();
  await todo.stop();
});

const failures = (results: readonly CaseResult[]): string[] =>
  results.filter(({ ok }) => !ok).map(({ id, why }) => `${id}: ${why}`);
/** The working group's own harness sends the bare key. */
const target = ({ url, key }: Running) => ({ url, ca: authority.pem, authorization: key() });

describe('AuthZEN conformance', () => {
  it('our own cases, at every level', async () => {
    const results = await runCases('own', OWN_CASES, target(certification));
    expect(failures(results)).toEqual([]);
    expect(results.filter(({ skipped }) => skipped !== true).length).toBe(OWN_CASES.length);
  });

  it('is a suite that fails where an answer is wrong', async () => {
    // The Todo bundle knows neither alice nor records.
    expect(failures(await runCases('own', OWN_CASES, target(todo))).length).toBeGreaterThan(10);
  });

  it.skipIf(!HAS_VECTORS)('the 63 cases of the certification scenario (../shared/authzen-vectors)', async () => {
    const cases = vectors(VECTORS, 'certification') ?? [];
    expect(cases).toHaveLength(63);
    const results = await runCases('certification', cases, target(certification));
    expect(failures(results)).toEqual([]);
    expect(results.some(({ skipped }) => skipped)).toBe(false);
  });

  it.skipIf(!HAS_VECTORS)('the 14 extra cases (../shared/authzen-vectors)', async () => {
    const cases = vectors(VECTORS, 'extra') ?? [];
    expect(cases).toHaveLength(14);
    expect(failures(await runCases('extra', cases, target(certification)))).toEqual([]);
  });

  it.skipIf(!HAS_VECTORS)('the Todo interop decisions (../shared/authzen-vectors)', async () => {
    const cases = vectors(VECTORS, 'todo') ?? [];
    expect(cases.length).toBeGreaterThanOrEqual(43);
    expect(failures(await runCases('todo', cases, target(todo)))).toEqual([]);
  });
});
