import type { ToolDescription, Tools } from '#writ/ledger/flow/tool-description.js';
import type { Call, Step } from '../test/evasions/evasion.js';

/** The places in the steps of an attack that a mutation changes. */

type Path = readonly (string | number)[];

/** A value of an argument that has a role. */
export interface ArgumentPlace {
  readonly path: Path;
  readonly role: ToolDescription['arguments'][number]['role'];
  readonly kind: string | undefined;
  readonly value: string | number;
}

export function isCall(step: Step | undefined): step is Call {
  return step !== undefined && 'tool' in step;
}

/** Returns the texts and numbers of a call that have a role. */
export function argumentsOf(tools: Tools, { tool, args = {} }: Call): readonly ArgumentPlace[] {
  return tools.of(tool).arguments.flatMap(({ argument, role, kind, query }) => {
    const nodes =
      query === undefined
        ? [{ location: [argument], value: args[argument] }]
        : query.query(args as never).nodes.map(({ location, value }) => ({ location: location as Path, value }));
    return nodes.flatMap(({ location, value }) =>
      leavesOf(value, location).map((leaf): ArgumentPlace => ({ ...leaf, role, kind })),
    );
  });
}

/** Returns the texts and numbers in a value. */
export function leavesOf(
  value: unknown,
  path: Path = [],
): readonly { readonly path: Path; readonly value: string | number }[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    leavesOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Returns a value with another in one place. */
export function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((item, i) => (i === step ? replaced(item, rest, by) : item));
  const record = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { ...record, [step]: replaced(record[step], rest, by) };
}

/** Returns a call with another value in an argument. */
export function withArgument(call: Call, path: Path, by: unknown): Call {
  return { ...call, args: replaced(call.args ?? {}, path, by) as NonNullable<Call['args']> };
}

/** An answer that is a text with JSON in it, read; undefined for any other answer. */
export function jsonOf(result: unknown): unknown {
  if (typeof result !== 'string' || !/^\s*[[{]/.test(result)) return undefined;
  try {
    return JSON.parse(result);
  } catch {
    return undefined;
  }
}

/** Returns whether others write the answers of a tool. */
function isOfOthers({ rules }: ToolDescription): boolean {
  return rules.some(({ path, integrity }) => path === '$' && integrity === 'external');
}

/** Values that a system gives out or vouches for, so that no stranger chooses how they are written. */
const GIVEN = /^(?:id|id_|sender|reply_to|organizer|participants|email|iban|account|owner)$/;

/** A text that a stranger wrote, in an answer. */
export interface TextPlace {
  /** The index of the step. */
  readonly at: number;
  /** In the JSON of the answer; undefined if the answer is a text. */
  readonly path: Path | undefined;
  readonly text: string;
}

/** Returns the texts that strangers wrote, in the answers before the last call. */
export function textsOfOthers(steps: readonly Step[], tools: Tools): readonly TextPlace[] {
  return steps.flatMap((step, at): TextPlace[] => {
    const tool = isCall(step) ? step.tool : toolOfAnswer(steps, step);
    const result = isCall(step) || 'answer' in step ? step.result : undefined;
    if (tool === undefined || result === undefined || at === steps.length - 1 || !isOfOthers(tools.of(tool))) return [];
    const json = jsonOf(result) ?? (typeof result === 'object' ? result : undefined);
    if (json === undefined) return typeof result === 'string' ? [{ at, path: undefined, text: result }] : [];
    return leavesOf(json).flatMap(({ path, value }) => {
      if (isOfOurs(json, path)) return [];
      const member = path.findLast((one) => typeof one === 'string') ?? '';
      return typeof value === 'string' && !GIVEN.test(String(member)) ? [{ at, path, text: value }] : [];
    });
  });
}

/** Returns whether a record is of somebody of ours: no stranger writes it. */
function isOfOurs(json: unknown, path: Path): boolean {
  let at = json;
  for (const step of path.slice(0, -1)) at = (at as Readonly<Record<string | number, unknown>>)[step];
  const { sender, organizer, owner } = at as Readonly<Record<string, unknown>>;
  return [sender, organizer, owner].some((who) => typeof who === 'string' && /@(?:ours|firm)\.example$/.test(who));
}

function toolOfAnswer(steps: readonly Step[], step: Step): string | undefined {
  if (!('answer' in step)) return undefined;
  return steps.find((one): one is Call => isCall(one) && one.as === step.answer)?.tool;
}
