import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('runs: what fits the task is done, and the rest is refused with the reason', () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { stdout, status, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n');
  expect(lines.filter((line) => line.startsWith('done'))).toEqual(['done     the helper refunds 150.00 for ana']);
  expect(lines.filter((line) => line.startsWith('refused'))).toHaveLength(5);
  expect(stdout).toContain('a refund is at most 200.00');
  expect(stdout).toContain('15000 of 20000 of amount is used up');
  expect(stdout).toContain('an intern is not handed what refunds');
  expect(stdout).toContain('the transaction token: this is not a signed token');
  expect(stdout).toContain('The tool made these refunds: o-1: 15000\n');
});
