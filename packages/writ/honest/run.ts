import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBundle } from '#writ/bundle/bundle.js';
import { draftBundle } from '#writ/bundle/draft/draft.js';
import { writeFiles } from '#writ/cli/init/written.js';
import { withPack } from '#writ/cli/packs.js';
import { TraceReplay } from '#writ/cli/trace-replay.js';
import { HonestAgent } from './agent.js';
import { TOOLS } from './tools.js';

/** The results of the work of an honest agent under a bundle as `writ up` drafts it. */
export interface HonestReport {
  readonly calls: number;
  readonly writes: number;
  readonly days: number;
  readonly denied: readonly string[];
  /** Questions about calls that no text of others dictated. */
  readonly askedInVain: readonly string[];
  /** Calls that a text of others dictated, and those of them that a person was asked about. */
  readonly dictated: number;
  readonly asked: number;
}

const DAY_MS = 24 * 60 * 60_000;
/** The share of a day in which the agent works. */
const WORKING = 1 / 3;

/** Lets an honest agent work for some days of a simulated clock, without a prompt, in one task a working day. */
export async function honest({
  count,
  days,
  seed,
}: {
  count: number;
  days: number;
  seed: number;
}): Promise<HonestReport> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-honest-'));
  try {
    const client = { agent: { type: 'Agent', id: 'cursor' }, for: { type: 'User', id: 'ana' } };
    const servers = new Map(['files', 'notes', 'site'].map((name) => [name, { command: name }]));
    const deployment = { servers, clients: new Map([['cursor', client]]) };
    const { files } = draftBundle('honest', TOOLS, [], undefined, deployment);
    writeFiles(folder, withPack(files, 'guarded-client', false));
    const bundle = loadBundle(folder);
    const replay = new TraceReplay(bundle, { approve: false }, { decisionsUs: [], answersUs: [] });
    const agent = new HonestAgent(seed);
    const began = Date.parse('2026-03-02T08:00:00Z');
    const report = {
      calls: 0,
      writes: 0,
      days,
      denied: [] as string[],
      askedInVain: [] as string[],
      dictated: 0,
      asked: 0,
    };
    for (let i = 0; i < count; i += 1) {
      const day = Math.floor((i * days) / count);
      const share = ((i * days) / count - day) * WORKING;
      const at = new Date(began + Math.round((day + share) * DAY_MS));
      const call = agent.next();
      const { tool, args, result } = call;
      const trace = {
        task: `day ${day}`,
        principal: 'cursor',
        calls: [{ tool, args, result, outcome: 'completed' as const, at }],
      };
      const [replayed] = await replay.run(trace);
      report.calls += 1;
      if (call.isWrite) report.writes += 1;
      if (call.isDictated) report.dictated += 1;
      const said = `${tool} ${JSON.stringify(args)}: ${replayed?.why}`;
      if (replayed?.result === 'deny' || replayed?.result === 'defer') report.denied.push(said);
      else if (replayed?.result === 'step_up' && call.isDictated) report.asked += 1;
      else if (replayed?.result === 'step_up') report.askedInVain.push(said);
    }
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
