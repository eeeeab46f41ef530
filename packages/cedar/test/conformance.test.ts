import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runConformance } from '../conformance/run.js';

/** Test data from outside; not part of a clone. */
const SHARED = fileURLToPath(new URL('../../../../shared/cedar-conformance', import.meta.url));
const present = existsSync(SHARED);
if (!present) console.warn(`cedar-integration-tests are not at ${SHARED}; only our own cases run`);

describe.skipIf(!present)('cedar-integration-tests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-corpus-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('agrees on every hand-written test', () => {
    const result = runConformance(SHARED);
    expect(result.disagree).toEqual([]);
    expect(result).toMatchObject({ tests: 22, requests: 74, agree: 74 });
  });

  it('agrees on every corpus test: decision, determining policies and erroring policies', { timeout: 600_000 }, () => {
    expect(spawnSync('tar', ['xzf', join(SHARED, 'corpus.tar.gz'), '-C', folder]).status).toBe(0);
    const result = runConformance(folder);
    expect(result.disagree).toEqual([]);
    expect(result).toMatchObject({ tests: 5_831, requests: 46_648, agree: 46_648 });
  });
});
