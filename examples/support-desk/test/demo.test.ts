import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallReport } from '../src/demo/drive.js';
import { openDesk } from '../src/server/database.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

describe('npm start -- --once --json', () => {
  let data: string;
  let report: { calls: CallReport[]; allowed: number; denied: number };
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), 'writ-demo-'));
    const { stdout, stderr } = spawnSync('npm', ['start', '--', '--once', '--json', '--data', data], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    try {
      report = JSON.parse(stdout) as typeof report;
    } catch {
      throw new Error(`not one JSON object: ${stdout}\n${stderr}`);
    }
  });
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  const of = (session: string, tool: string): CallReport[] =>
    report.calls.filter((call) => call.session === session && call.tool === tool);

  it('carries out every honest call', () => {
    const honest = report.calls.filter(({ session }) => session === 'honest');
    expect(honest.length).toBeGreaterThan(5);
    expect(honest.filter(({ result, executed }) => result !== 'allow' || !executed)).toEqual([]);
  });

  it.each([
    ['customer data mailed outside after it was read', 'send_email', 'no-personal-data-outside'],
    ['refunds each within the limit and together over it', 'refund_order', 'refund-limit-daily'],
    ["a file outside the task's folder", 'read_text_file', 'agents-stay-in-their-folder'],
    ['a deploy by an identity that may not', 'deploy_release', 'only-the-release-team-deploys'],
  ])('stops: %s', (_name, tool, policy) => {
    const last = of('hijacked', tool).at(-1);
    expect(last).toMatchObject({
      result: 'deny',
      executed: false,
      reasons: [{ policy, effect: 'forbid', reason: expect.any(String) }],
    });
  });

  it('counts add up', () => {
    expect(report.calls.filter(({ result }) => result === 'allow')).toHaveLength(report.allowed);
    expect(report.calls.filter(({ result }) => result === 'deny')).toHaveLength(report.denied);
    expect(report.denied).toBe(4);
  });

  it('says `executed` only of what the desk itself has on its books', () => {
    const db = openDesk(join(data, 'desk.db'));
    const executed = (tool: string): number =>
      report.calls.filter((call) => call.tool === tool && call.executed).length;
    const rows = (sql: string): unknown[] => db.prepare(sql).all();
    expect(rows('select * from refunds')).toHaveLength(executed('refund_order'));
    expect(rows('select recipient from outgoing_mail')).toEqual([{ recipient: 'billing@shop.example' }]);
    expect(executed('send_email')).toBe(1);
    expect(rows('select * from deployments')).toEqual([]);
    expect(rows("select sum(amount) as total from refunds where reason = 'as asked'")).toEqual([{ total: 37_500 }]);
    db.close();
  });
});
