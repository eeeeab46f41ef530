import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { z } from 'zod';
import { loadBundle } from '../bundle/bundle.js';
import { TraceError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';
import { type ReplayedCall, type Trace, TraceReplay } from './trace-replay.js';

export interface ReplayFlags {
  readonly bundle: string;
  readonly trace: string;
  /** Whether whatever a person would be asked is approved, and its values endorsed for the rest of the task. */
  readonly approve?: boolean;
  /** Whether one ledger goes through all lines. */
  readonly together?: boolean;
  readonly json?: boolean;
}

const traceShape = z.looseObject({
  task: z.string().min(1),
  prompt: z.string().optional(),
  principal: z.union([z.string().min(1), z.looseObject({ type: z.string().min(1), id: z.string().min(1) })]),
  calls: z.array(
    z.looseObject({
      tool: z.string().min(1),
      args: z.record(z.string(), z.unknown()).default({}),
      result: z.unknown().optional(),
    }),
  ),
});

/** `writ replay-trace`: decides recorded tasks again, call by call, as the gateway would. */
export async function replayTrace(flags: ReplayFlags): Promise<ExitCode> {
  const bundle = loadBundle(flags.bundle);
  const traces = readTraces(flags.trace);
  const tasks: { task: string; calls: readonly ReplayedCall[] }[] = [];
  let replay = new TraceReplay(bundle, flags.approve === true);
  for (const trace of traces) {
    if (flags.together !== true) replay = new TraceReplay(bundle, flags.approve === true);
    tasks.push({ task: trace.task, calls: await replay.run(trace) });
  }
  const calls = tasks.flatMap((task) => task.calls);
  const totals: Record<string, number> = {};
  for (const { result } of calls) totals[result] = (totals[result] ?? 0) + 1;
  if (flags.json === true) {
    printJson({ tasks, totals });
    return EXIT.ok;
  }
  for (const task of tasks) {
    print(pc.bold(task.task));
    for (const { tool, result, reasons, why } of task.calls) {
      const colour = result === 'allow' || result === 'modify' ? pc.green : result === 'deny' ? pc.red : pc.yellow;
      print(
        `  ${colour(result.padEnd(7))} ${tool}${reasons.length === 0 || result === 'allow' ? '' : pc.dim(`  ${why}`)}`,
      );
    }
  }
  const counts = Object.entries(totals).map(([result, n]) => `${n} ${result}`);
  print(`\n${count(tasks.length, 'task')}, ${count(calls.length, 'call')}: ${counts.join(', ')}`);
  return EXIT.ok;
}

function readTraces(file: string): Trace[] {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const at = `${file}:${i + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new TraceError(
        `${at}: ${error instanceof Error ? error.message : String(error)}`,
        'a line is one JSON object',
      );
    }
    const read = traceShape.safeParse(value);
    if (read.success) return [read.data];
    const [issue] = read.error.issues;
    throw new TraceError(
      `${at}: ${issue?.path.join('.') || 'the line'}: ${issue?.message}`,
      'a line is { "task", "prompt", "principal", "calls": [ { "tool", "args", "result" } ] }',
    );
  });
}
