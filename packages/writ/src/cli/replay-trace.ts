import pc from 'picocolors';
import { loadBundle } from '../bundle/bundle.js';
import { visibleLine } from '../lib/visible-text.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';
import { readTraces } from './trace-file.js';
import { type Durations, type ReplayedCall, TraceReplay } from './trace-replay.js';
import { COLUMNS, countsByPolicy, type PolicyCount, type Timing, type Timings, timingsOf } from './trace-tally.js';

export interface ReplayFlags {
  readonly bundle: string;
  readonly trace: string;
  /** Whether whatever a person would be asked is approved, and its values endorsed for the rest of the task. */
  readonly approve?: boolean;
  /** Whether one ledger goes through all lines. */
  readonly together?: boolean;
  /** Whether it is counted how often each policy determined a call. */
  readonly byPolicy?: boolean;
  readonly timings?: boolean;
  readonly json?: boolean;
}

interface ReplayedTask {
  readonly task: string;
  readonly calls: readonly ReplayedCall[];
}

/** `writ bundle replay`: decides recorded tasks again, call by call, as the gateway would. */
export async function replayTrace(flags: ReplayFlags): Promise<ExitCode> {
  const bundle = loadBundle(flags.bundle);
  const together = flags.together === true;
  const traces = readTraces(flags.trace, {
    kinds: bundle.tasks && Object.keys(bundle.tasks.tasks),
    together,
    now: new Date(),
  });
  const durations: Durations = { decisionsUs: [], answersUs: [] };
  const newReplay = (): TraceReplay => new TraceReplay(bundle, { approve: flags.approve === true }, durations);
  const tasks: ReplayedTask[] = [];
  let replay = newReplay();
  for (const trace of traces) {
    if (!together) replay = newReplay();
    tasks.push({ task: trace.task, calls: await replay.run(trace) });
  }
  const calls = tasks.flatMap((task) => task.calls);
  const totals: Record<string, number> = {};
  for (const { result } of calls) totals[result] = (totals[result] ?? 0) + 1;
  const policies = bundle.sources.map(({ id }) => id);
  const byPolicy = flags.byPolicy === true ? countsByPolicy(calls, policies) : undefined;
  const timings = flags.timings === true ? timingsOf(durations) : undefined;
  if (flags.json === true) printJson({ tasks, totals, byPolicy, timings });
  else {
    for (const task of tasks) print(taskText(task));
    const counts = Object.entries(totals).map(([result, n]) => `${n} ${result}`);
    print(`\n${count(tasks.length, 'task')}, ${count(calls.length, 'call')}: ${counts.join(', ')}`);
    if (byPolicy !== undefined) print(`\n${policyTable(byPolicy)}`);
    if (timings !== undefined) print(`\n${timingTable(timings)}`);
  }
  return EXIT.ok;
}

const MAX_NAME = 120;
const MAX_WHY = 2_000;

/** The names are those of a recording, and `why` can quote what a stranger wrote. */
function taskText({ task, calls }: ReplayedTask): string {
  const lines = calls.map(({ tool, result, reasons, why }) => {
    const colour = result === 'allow' || result === 'modify' ? pc.green : result === 'deny' ? pc.red : pc.yellow;
    const because = reasons.length === 0 || result === 'allow' ? '' : pc.dim(`  ${visibleLine(why, MAX_WHY)}`);
    return `  ${colour(result.padEnd(7))} ${visibleLine(tool, MAX_NAME)}${because}`;
  });
  return [pc.bold(visibleLine(task, MAX_NAME)), ...lines].join('\n');
}

function policyTable(counts: readonly PolicyCount[]): string {
  const heading = `${COLUMNS.map((column) => column.padStart(8)).join('')}  policy`;
  const rows = counts.map(
    (one) =>
      `${COLUMNS.map((column) => String(one[column] || '').padStart(8)).join('')}  ${visibleLine(one.policy, MAX_NAME)}`,
  );
  return [pc.dim(heading), ...rows].join('\n');
}

function timingTable({ decisionsUs, answersUs }: Timings): string {
  const row = (what: string, { count: n, p50, p99, max }: Timing): string =>
    `${[n, p50, p99, max].map((figure) => String(figure).padStart(8)).join('')}  ${what}`;
  const heading = ['count', 'p50 µs', 'p99 µs', 'max µs'].map((name) => name.padStart(8)).join('');
  return [pc.dim(heading), row('decisions', decisionsUs), row('answers labelled', answersUs)].join('\n');
}
