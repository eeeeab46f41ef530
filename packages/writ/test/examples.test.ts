import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from './running.js';

/** Every bundle under examples/ checks and passes its own tests. */

const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const bundles = ['', 'packs/', 'patterns/']
  .filter((folder) => existsSync(join(EXAMPLES, folder)))
  .flatMap((folder) => readdirSync(join(EXAMPLES, folder)).map((name) => `${folder}${name}`))
  .filter((name) => existsSync(join(EXAMPLES, name, 'writ.yaml')));
const writ = (...args: string[]): { status: number | null; json: Record<string, unknown> } => {
  const { status, stdout } = spawnSync(process.execPath, [BIN, ...args, '--json'], { encoding: 'utf8' });
  return { status, json: JSON.parse(stdout) as Record<string, unknown> };
};

describe.each(bundles)('examples/%s', (name) => {
  it('has nothing that writ check would find', () => {
    expect(writ('check', join(EXAMPLES, name))).toMatchObject({ status: 0, json: { errors: 0, findings: [] } });
  });

  it('passes its tests, and each of its policies is decided by one', () => {
    const { status, json } = writ('test', join(EXAMPLES, name));
    expect([status, json.failed, json.undetermined]).toEqual([0, 0, []]);
    expect(json.passed).toBeGreaterThan(0);
  });
});
