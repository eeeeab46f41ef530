import { closest } from '@writ/cedar';
import { isObject } from '@writ/sdk/lib/is-object';
import { type Bundle, loadBundle } from '../bundle/bundle.js';
import { readTextFile } from '../lib/text-file.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { type Labelled, type LabelledCall, Labeller } from './labelled-answer.js';
import { labelText } from './labelled-text.js';
import { print, printJson } from './output.js';
import { type RecordedCall, readTraces } from './trace-file.js';
import { TraceReplay } from './trace-replay.js';

export interface LabelFlags {
  readonly bundle: string;
  /** A file with recorded tasks. */
  readonly trace?: string;
  /** A tool, and a file with one answer of it. */
  readonly tool?: string;
  readonly result?: string;
  /** A file with the arguments of the call that was answered. */
  readonly args?: string;
  /** Whether each value has a line of its own. */
  readonly each?: boolean;
  readonly json?: boolean;
}

/** `writ bundle label`: shows recorded answers with the labels of each value, and what gave them. */
export async function label(flags: LabelFlags): Promise<ExitCode> {
  const { trace, tool, result, args } = flags;
  const bundle = loadBundle(flags.bundle);
  if (Object.keys(bundle.tools.tools).length === 0)
    throw new UsageError('the bundle describes no tool, so no answer is labelled', 'write tools.yaml (docs/tools.md)');
  const isOne = tool !== undefined && result !== undefined;
  if (isOne === (trace !== undefined) || (trace !== undefined && (tool ?? result ?? args) !== undefined))
    throw new UsageError('say which answers', 'either --trace FILE, or --tool NAME and --result FILE');
  const calls = isOne ? [oneCall(bundle, tool, result, args)] : await recordedCalls(bundle, trace as string);
  const labeller = new Labeller(bundle);
  const answers: Labelled[] = [];
  for (const call of calls) answers.push(await labeller.label(call));
  if (flags.json === true) printJson({ answers });
  else print(answers.map((answer) => labelText(answer, flags.each === true)).join('\n\n'));
  return EXIT.ok;
}

/** The call of an answer that stands alone. A name that nothing describes may be misspelt. */
function oneCall(bundle: Bundle, tool: string, result: string, args: string | undefined): LabelledCall {
  const known = Object.keys(bundle.tools.tools);
  if (!known.includes(tool) && !new Set([...bundle.schema.actions].map(({ uid }) => uid.id)).has(tool)) {
    const meant = closest(tool, known);
    throw new UsageError(
      `neither tools.yaml nor the schema has ${JSON.stringify(tool)}`,
      meant === undefined ? `the tools are ${known.join(', ')}` : `did you mean ${meant}?`,
    );
  }
  const input = args === undefined ? {} : valueIn(readTextFile(args));
  if (!isObject(input)) throw new UsageError(`${args}: the arguments of a call are a JSON object`);
  return { tool, action: tool, input, stored: [], echoes: [], result: valueIn(readTextFile(result)) };
}

/** Returns the value of a text that is JSON; any other text is the answer itself. */
function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns the calls of recorded tasks. All of them happened, whatever this bundle says: an answer has the labels of the stores then. */
async function recordedCalls(bundle: Bundle, trace: string): Promise<LabelledCall[]> {
  const kinds = bundle.tasks && Object.keys(bundle.tasks.tasks);
  const calls: LabelledCall[] = [];
  for (const recorded of readTraces(trace, { kinds, together: false, now: new Date() })) {
    const seen = new Map<RecordedCall, LabelledCall>();
    const replay = new TraceReplay(
      bundle,
      {
        approve: true,
        readsDenied: true,
        observe: (call, observed) => {
          const { tool, result } = call;
          seen.set(call, { ...observed, task: recorded.task, tool, result });
        },
      },
      { decisionsUs: [], answersUs: [] },
    );
    await replay.run(recorded);
    for (const call of recorded.calls) {
      const { tool, args: input, result } = call;
      calls.push(seen.get(call) ?? { task: recorded.task, tool, action: tool, input, stored: [], echoes: [], result });
    }
  }
  return calls;
}
