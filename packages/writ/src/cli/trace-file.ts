import { CedarError, closest } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import type { OutcomeStatus } from '@writ/sdk/authzen';
import { isObject } from '@writ/sdk/lib/is-object';
import { z } from 'zod';
import { type Issue, innermost, isMissing } from '../bundle/union-forms.js';
import { wording } from '../bundle/wording.js';
import { readTextFile } from '../lib/text-file.js';
import { TraceError } from './errors.js';

const text = z.string().min(1);

/** The years that dates as texts are compared in. */
const [FIRST, LAST] = [0, Date.UTC(9999, 11, 31)];
const time = z.iso
  .datetime({ offset: true, error: 'it must be a time, as 2026-12-01T09:30:00Z' })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms >= FIRST && ms < LAST, 'it must be from 1970 to 9999');

/** As an enforcement point reports it. */
const OUTCOMES = ['completed', 'failed', 'not-executed', 'unknown'] as const satisfies readonly OutcomeStatus[];

const principalShape = z.strictObject({ type: text, id: text });

const callShape = z.strictObject({
  tool: text,
  /** As they were given: a record of zod would leave out `__proto__`. */
  args: z.custom<Readonly<Record<string, unknown>>>(isObject, 'it must be a map').default({}),
  result: z.unknown().optional(),
  outcome: z.enum(OUTCOMES).default('completed'),
  /** When it was called; the time of the call before when it is not given. */
  at: time.optional(),
});

const lineShape = z.strictObject({
  task: text,
  /** A kind of task of `tasks.yaml`; the default kind when it is not given. */
  kind: text.optional(),
  prompt: z.string().optional(),
  principal: z.union([text, principalShape]),
  at: time.optional(),
  calls: z.array(callShape),
});

type Line = z.output<typeof lineShape>;

/** A recorded call, and when it was made. */
export type RecordedCall = Omit<Line['calls'][number], 'at'> & { readonly at: Date };

/** A recorded task. */
export interface Trace extends Omit<Line, 'calls' | 'at'> {
  readonly calls: readonly RecordedCall[];
}

const PRINCIPAL =
  'write who makes them: a client of the gateway as in "principal": "cursor", or an identity as in "principal": "User::\\"ana\\""';
const FORM = `a line is { ${namesOf(lineShape)}: [ { ${namesOf(callShape)} } ] }`;

function namesOf(shape: z.ZodObject): string {
  return membersOf(shape)
    .map((name) => `"${name}"`)
    .join(', ');
}

function membersOf({ shape }: z.ZodObject): string[] {
  return Object.keys(shape);
}

/** How a trace is read. */
interface TraceOptions {
  /** The names of the kinds of task of the bundle; undefined if it has no `tasks.yaml`. */
  readonly kinds: readonly string[] | undefined;
  /** Whether one ledger goes through all lines. */
  readonly together: boolean;
  /** The time of calls with no time before them. */
  readonly now: Date;
}

/**
 * Reads recorded tasks, one a line. An unknown member is refused: it may have been meant to change how the task is decided. A time
 * before that of the call before it in the same ledger is refused too.
 *
 * @param file a path, or `-` for standard input
 * @throws {TraceError} at the first line that is wrong, with its number
 */
export function readTraces(file: string, { kinds, together, now }: TraceOptions): Trace[] {
  let clock = new TraceClock(now);
  /** The kind of each task of the ledger: a task that is continued is of the same. */
  const kindsOfTasks = new Map<string, string | undefined>();
  return readTextFile(file)
    .split('\n')
    .flatMap((text, i) => {
      if (text.trim() === '') return [];
      if (!together) clock = new TraceClock(now);
      const place = `${file}:${i + 1}`;
      const { at, calls, ...line } = readLine(text, place, kinds);
      if (together) checkKind(line, place, kindsOfTasks);
      clock.set(at, `${place}: at`);
      const timed = calls.map(({ at: called, ...call }, n) => {
        clock.set(called, `${place}: calls.${n}.at`);
        return { ...call, at: clock.read() };
      });
      return [{ ...line, calls: timed }];
    });
}

/** @throws {TraceError} if the task was of another kind before: the uses of two mandates would be counted together */
function checkKind(
  { task, kind }: Pick<Line, 'task' | 'kind'>,
  place: string,
  known: Map<string, string | undefined>,
): void {
  const before = known.has(task) ? known.get(task) : kind;
  known.set(task, before);
  if (before === kind) return;
  const was = before === undefined ? 'the default kind' : `the kind ${before}`;
  throw new TraceError(
    `${place}: kind: the task ${JSON.stringify(task)} was of ${was} before`,
    'a task is of one kind',
  );
}

/** The time in one ledger: it stands still between the times that are given. */
class TraceClock {
  private time: number | undefined;
  private isGiven = false;

  /** @param begun the time of calls before the first time that is given */
  constructor(private readonly begun: Date) {}

  /** @throws {TraceError} if the time would go back */
  set(to: number | undefined, place: string): void {
    if (to === undefined) return;
    if (this.time !== undefined && to < this.time) {
      const before = this.isGiven ? 'the time before it' : 'now, which is the time of calls with no `at` before them';
      throw new TraceError(
        `${place}: ${new Date(to).toISOString()} is before ${new Date(this.time).toISOString()}, ${before}`,
        this.isGiven ? 'in one ledger, time does not go back' : 'give `at` to the first line also',
      );
    }
    this.time = to;
    this.isGiven = true;
  }

  read(): Date {
    this.time ??= this.begun.getTime();
    return new Date(this.time);
  }
}

function readLine(line: string, at: string, kinds: readonly string[] | undefined): Line {
  const read = lineShape.safeParse(jsonOf(line, at), { error: wording, reportInput: true });
  if (!read.success) throw errorOf(innermost(read.error.issues[0] as Issue), at);
  const { kind } = read.data;
  if (kind !== undefined && kinds?.includes(kind) !== true)
    throw new TraceError(`${at}: kind: ${unknownKind(kind, kinds)}`, kindsHelp(kind, kinds));
  return read.data;
}

/** Returns the value of a line. A member that is given twice is refused: only one of the two would count. */
function jsonOf(line: string, at: string): unknown {
  try {
    parseJson(line);
    return JSON.parse(line);
  } catch (error) {
    if (!(error instanceof CedarError || error instanceof SyntaxError)) throw error;
    const column = error instanceof CedarError ? error.position?.column : undefined;
    throw new TraceError(
      `${at}: ${column === undefined ? '' : `column ${column}: `}${error.message}`,
      'a line is one JSON object',
    );
  }
}

function errorOf(issue: Issue, at: string): TraceError {
  const place = issue.path.map(String).join('.') || 'the line';
  const isAbsent = isMissing(issue) || issue.input === undefined;
  if (place === 'principal' && (isAbsent || issue.code === 'invalid_union'))
    return new TraceError(
      `${at}: principal: ${isAbsent ? 'it is missing: nobody makes the calls' : 'it is nobody who can make calls'}`,
      PRINCIPAL,
    );
  if (isMissing(issue)) return new TraceError(`${at}: ${place}: it is missing`, FORM);
  if (issue.code !== 'unrecognized_keys') return new TraceError(`${at}: ${place}: ${issue.message}`, FORM);
  const [name = ''] = issue.keys;
  const shape = issue.path[0] === 'calls' ? callShape : issue.path[0] === 'principal' ? principalShape : lineShape;
  const known = membersOf(shape);
  const meant = closest(name, known);
  const members = `the members here are ${known.join(', ')}`;
  return new TraceError(
    `${at}: ${place}: there is no member ${JSON.stringify(name)}`,
    meant === undefined ? members : `did you mean ${meant}? ${members}`,
  );
}

function unknownKind(kind: string, kinds: readonly string[] | undefined): string {
  return kinds === undefined
    ? 'the bundle has no tasks.yaml, and so no kinds of task'
    : `tasks.yaml has no kind ${JSON.stringify(kind)}`;
}

function kindsHelp(kind: string, kinds: readonly string[] | undefined): string {
  if (kinds === undefined) return 'leave `kind` out, or write tasks.yaml (docs/tasks.md)';
  const meant = closest(kind, kinds);
  return `${meant === undefined ? '' : `did you mean ${meant}? `}the kinds are ${kinds.join(', ')}`;
}
