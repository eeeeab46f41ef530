import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

describe('npm run orders -- --once', () => {
  const data = mkdtempSync(join(tmpdir(), 'writ-orders-'));
  let out: string;
  let hijacked: string[];
  beforeAll(() => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, '--once', '--data', data], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    out = stripVTControlCharacters(stdout);
    hijacked = out.slice(out.indexOf('hijacked:')).split('\n');
  });
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  it('carries out every honest step, over both faces', () => {
    const honest = out.slice(0, out.indexOf('hijacked:'));
    expect(honest.match(/^ {2}allow +(?:HTTP|MCP)/gm)).toHaveLength(6);
    expect(honest).not.toContain('deny');
  });

  it('counts refunds over MCP and HTTP in one budget, also in a new task', () => {
    const refunds = hijacked.filter((line) => /^ {2}(?:allow|deny)/.test(line) && /refund/.test(line));
    expect(refunds.map((line) => line.trim().split(/ +/).slice(0, 2))).toEqual([
      ['allow', 'MCP'],
      ['allow', 'HTTP'],
      ['deny', 'HTTP'],
      ['deny', 'MCP'],
      ['deny', 'HTTP'],
    ]);
    expect(refunds.at(-1)).toContain('in a new task');
    expect(hijacked.filter((line) => line.includes('refund-limit-daily: '))).toHaveLength(3);
  });

  it('stops over HTTP what the task read over MCP', () => {
    const at = hijacked.findIndex((line) => line.includes('https://collector.example/in'));
    expect(hijacked[at]).toMatch(/^ {2}deny +HTTP/);
    expect(hijacked[at + 1]).toContain('no-personal-data-outside: this task has read personal data');
  });

  it('says what the back end itself has on its books', () => {
    expect(out).toContain(
      'o-1 42.00 over HTTP\n  o-2 190.00 over MCP\n  o-2 190.00 over MCP\n  o-3 185.00 over HTTP\n',
    );
    expect(out).toContain('and sent 1 report.');
  });

  it('fits 80 columns', () => {
    const lines = out
      .replaceAll(data, 'data/orders')
      .replace(/--data \S+/, '--data data/orders')
      .split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});
