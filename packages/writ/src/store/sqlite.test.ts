import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sqliteFor } from './dialect.js';

it('takes the binary that is for the Node that runs it', () => {
  const taken = ['20.19.0', '21.7.3', '22.12.0', '24.21.0', '26.10.0', '100.0.0'].map((node) => sqliteFor(node));
  const [old, napi] = ['better-sqlite3', 'better-sqlite3-napi'];
  expect(taken).toEqual([old, old, napi, napi, napi, napi]);
});

/**
 * A full collection ends between turns of the event loop, where no context of Node's is entered: what is collected then must not ask
 * for one, as `better-sqlite3` 12 does under Node 24.
 */
const SCRIPT = `
  const { openSqlite } = await import(process.argv[2]);
  const database = openSqlite(process.argv[3]);
  const kept = [];
  let made = 0;
  const turn = () => {
    for (let i = 0; i < 500; i += 1) made += database.prepare('select ' + i + ' as one').get().one >= 0 ? 1 : 0;
    for (let i = 0; i < 20_000; i += 1) kept.push({ i, text: String(made) });
    if (kept.length > 1e6) kept.length = 0;
    if (made < 100_000) setTimeout(turn, 1);
    else console.log(made);
  };
  turn();
`;

it('statements that are collected do not end the process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-sqlite-'));
  try {
    const built = new URL('../../dist/store/sqlite.js', import.meta.url).href;
    const args = ['--input-type=module', '-', built, join(folder, 'writ.db')];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { input: SCRIPT, encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, '100000\n', '']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
