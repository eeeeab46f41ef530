import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { isEmpty } from '../../lib/is-empty.js';
import { type Accumulator, compileAccumulator } from '../accumulators/accumulator.js';
import { type Actuals, actualsOf } from '../accumulators/actual.js';
import type { AccumulatorDeclaration } from '../accumulators/kind.js';
import type { LedgerEvent } from '../event.js';
import { UNSEEN } from './call-values.js';
import { type Detection, withDetections } from './detectors.js';
import { type Echo, withEchoes } from './echo.js';
import { labelNames } from './labels.js';
import { moreOfPlain, type PlainMore, plainMore } from './more-of-call.js';
import { type NamesInAnswer, type Naming, namesIn } from './names-in.js';
import { withinRoom } from './reader-room.js';
import { type Leaf, leavesOf } from './result-labels.js';
import { readAnswer } from './result-value.js';
import { isTooLong, type SaidValue, saidIn } from './said-values.js';
import type { StoredLabels } from './stored-labels.js';
import { type ToolDescription, type ToolSource, Tools } from './tool-description.js';
import { trustedPart } from './trusted-part.js';

/** An answer to read, with all that it is read by: plain data. */
export interface ReadTask {
  readonly tool: ToolSource;
  readonly detect: Detection;
  /** The accumulators with an expression over results. */
  readonly accumulators: Readonly<Record<string, AccumulatorDeclaration>>;
  /** The call without its functions. */
  readonly event: Omit<LedgerEvent, 'call' | 'data' | 'more'>;
  readonly more: PlainMore | undefined;
  readonly call: Readonly<Record<CallRole, readonly (string | number)[]>> | undefined;
  /** The labels of what it was read from. */
  readonly stored: StoredLabels;
  /** The store that it writes; undefined if the names in its answer are not looked for. */
  readonly naming: Naming | undefined;
  /** The arguments that the answer may repeat. */
  readonly echoes: readonly Echo[];
  readonly result: unknown;
}

type CallRole = Parameters<NonNullable<LedgerEvent['call']>['valuesOf']>[0];

/** Returns the task to read the result of a call. */
export function readTaskOf(
  by: Pick<ReadTask, 'detect' | 'accumulators' | 'stored' | 'echoes'> & { readonly tool: ToolDescription },
  { call, data, more, ...event }: LedgerEvent,
  result: unknown,
): ReadTask {
  const said = (role: CallRole) => call?.valuesOf(role) ?? [];
  return {
    ...{ ...by, tool: by.tool.source, event, result },
    call: call && { amount: said('amount'), destination: said('destination'), target: said('target') },
    naming: namingOf(data),
    more: isEmpty(by.accumulators) ? undefined : plainMore({ more }),
  };
}

function namingOf(data: LedgerEvent['data']): Naming | undefined {
  const { written, labels = [] } = data ?? {};
  if (written === undefined || written.answer === 'nothing' || labels.length === 0) return undefined;
  return { store: written.store, members: written.members };
}

/** The labels, names and amounts that an answer gives. */
export interface AnswerFacts {
  /** The labels that it adds to the task. */
  readonly labels: readonly string[];
  /** The names in it that later calls can use for a written item. */
  readonly names: NamesInAnswer;
  readonly actuals: Actuals;
  /** Whether a part of it cannot be looked through. */
  readonly isOpaque: boolean;
  /** The labels of values that are too long to remember. */
  readonly tooLong: readonly string[];
}

/** The most tools, or sets of accumulators, that are kept compiled. */
const MAX_COMPILED = 1_000;
const tools = new BoundedCache<string, ToolDescription>(MAX_COMPILED);
const accumulators = new BoundedCache<string, ReturnType<typeof compileAccumulator>[]>(MAX_COMPILED);

/** Reads an answer: its values with their labels, what the detectors find, and the amounts of accumulators. */
export async function readTask(task: ReadTask): Promise<AnswerFacts & { readonly said: readonly SaidValue[] }> {
  const { detect, event, call, stored, naming, echoes, result } = task;
  const tool = kept(tools, task.tool, compiledTool);
  const answer = readAnswer(result, tool.format);
  const leaves = await withDetections(leavesOf(tool, event.input, answer, stored), detect);
  const labels = withinRoom(labelsIn(leaves));
  const measuring = kept(accumulators, task.accumulators, (declared) =>
    Object.entries(declared).map(([name, one]) => compileAccumulator(name, one)),
  );
  const valuesOf = call && ((role: CallRole) => call[role]);
  // An echo is worth less as a value of a later call. It says nothing new to the task, and so does not mark it.
  const echoed = withEchoes(leaves, echoes);
  const whole: LedgerEvent = {
    ...event,
    call: valuesOf && { valuesOf },
    data: undefined,
    more: moreOfPlain(task.more),
  };
  return {
    labels,
    names: namesIn(leaves, naming),
    actuals:
      measuring.length === 0
        ? {}
        : actualsOf(measuring, whole, (one) => seenPart(one, answer.value, echoed, { echoes, input: event.input })),
    said: saidIn(echoed),
    isOpaque: answer.isOpaque,
    tooLong: withinRoom(leaves.filter(isTooLong).flatMap((leaf) => labelNames(leaf.labels))),
  };
}

/** Returns the labels that values add to a task. Values are many, and labels that differ few. */
function labelsIn(leaves: readonly Leaf[]): readonly string[] {
  const different = new Set(leaves.map(({ labels }) => labels));
  return [...new Set([...different].flatMap(labelNames))].sort();
}

/** Returns the part of an answer that an accumulator sees: an actual figure is of the whole answer. */
export function seenPart(
  { resultIntegrity, resultWords }: Accumulator,
  value: unknown,
  leaves: readonly Leaf[],
  { echoes, input }: Pick<ReadTask, 'echoes'> & Pick<LedgerEvent, 'input'>,
): unknown {
  if (resultIntegrity === undefined || resultIntegrity === 'external') return value;
  // The arguments are not known, so all of it may repeat them.
  if (echoes.some((echo) => echo.value === UNSEEN)) return undefined;
  return trustedPart(value, leaves, { least: resultIntegrity, names: resultWords, input });
}

function compiledTool({ name, declared, unclassified }: ToolSource): ToolDescription {
  return new Tools({ [name]: declared }, { result: unclassified }, []).of(name);
}

/** Returns what is compiled from plain data. Data from another process is equal, and not the same. */
function kept<Source, Compiled>(
  cache: BoundedCache<string, Compiled>,
  source: Source,
  compile: (source: Source) => Compiled,
): Compiled {
  const key = JSON.stringify(source);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = compile(source);
  cache.set(key, made);
  return made;
}
