import type { Call, Step } from '../../test/evasions/evasion.js';
import { isCall } from '../places.js';
import { type Operator, oneOf, spliced } from './operator.js';

/** Ways to order the steps of an attack, and to share them out over agents, tasks and time. */

/** The calls of an attack have one prompt: what the user asks for stays the same. */
function hasOnePrompt(steps: readonly Step[]): boolean {
  return new Set(steps.filter(isCall).map(({ prompt }) => prompt)).size === 1;
}

/** Returns whether another agent or task can do a call: what a kind of task permits counts for each task. */
function isPlain(call: Call): boolean {
  return (
    call.kind === undefined &&
    call.txn === undefined &&
    call.agent === undefined &&
    !(call.user ?? '').startsWith('Agent::')
  );
}

function contextOf({ prompt, user, agent, task, session, txn, path, kind }: Call): string {
  return JSON.stringify([prompt, user, agent, task, session, txn, path, kind]);
}

/** Returns the places of the calls before the last. */
function before(steps: readonly Step[], isMeant: (call: Call) => boolean = () => true): number[] {
  return steps.flatMap((step, i) => (isCall(step) && i < steps.length - 1 && isMeant(step) ? [i] : []));
}

function given(name: string, more: (call: Call) => Partial<Call>): Operator {
  return {
    name,
    apply: (steps, _tools, random) => {
      if (!hasOnePrompt(steps)) return undefined;
      const at = oneOf(
        steps.flatMap((step, i) => (isCall(step) && isPlain(step) ? [i] : [])),
        random,
      );
      const step = steps[at ?? -1];
      return at === undefined || !isCall(step) ? undefined : spliced(steps, at, [{ ...step, ...more(step) }]);
    },
  };
}

export const STEPS: readonly Operator[] = [
  given('another agent of hers', () => ({ agent: 'Agent::"helper"' })),
  given('another task', () => ({ task: 'another' })),
  given('another session', () => ({ session: 'another' })),
  {
    name: 'a restart between',
    // A task of a prompt ends with the service: what its kind permits is then permitted again.
    apply: (steps, _tools, random) =>
      steps.some((step) => isCall(step) && step.kind !== undefined && step.txn === undefined)
        ? undefined
        : spliceIn(steps, random.pick(steps.length), [{ restart: true }]),
  },
  {
    name: 'time between',
    apply: (steps, _tools, random) =>
      steps.some((step) => 'after' in step)
        ? undefined
        : spliceIn(steps, random.pick(steps.length), [{ after: oneOf(['1m', '29m', '16m'], random) as string }]),
  },
  {
    name: 'two steps change places',
    apply: (steps, _tools, random) => {
      const at = oneOf(
        before(steps).filter((i) => i + 1 < steps.length - 1),
        random,
      );
      const [one, other] = [steps[at ?? -1], steps[(at ?? -2) + 1]];
      if (at === undefined || !isCall(one) || !isCall(other) || contextOf(one) !== contextOf(other)) return undefined;
      if (one.as !== undefined || other.as !== undefined || isWriting(one) || isWriting(other)) return undefined;
      return [...steps.slice(0, at), other, one, ...steps.slice(at + 2)];
    },
  },
  {
    name: 'a step twice',
    apply: (steps, _tools, random) => {
      const at = oneOf(
        before(steps, ({ as }) => as === undefined),
        random,
      );
      const step = steps[at ?? -1];
      return at === undefined || step === undefined ? undefined : spliceIn(steps, at, [step]);
    },
  },
  {
    name: 'an answer that comes late',
    apply: (steps, _tools, random) => {
      const at = oneOf(
        before(steps, ({ as, result }) => as === undefined && result !== undefined),
        random,
      );
      const step = steps[at ?? -1];
      if (at === undefined || !isCall(step)) return undefined;
      const { result, status, ...call } = step;
      const as = `late ${at} ${steps.length}`;
      const wait: Step[] = random.chance(0.5) ? [{ after: '16m' }] : [];
      const answer: Step = { answer: as, result, ...(status === undefined ? {} : { status }) };
      return random.chance(0.5)
        ? spliced(steps, at, [{ ...call, as }, ...wait, answer])
        : [...spliced(steps, at, [{ ...call, as }]).slice(0, -1), ...wait, answer, ...steps.slice(-1)];
    },
  },
  {
    name: 'something harmless is read',
    apply: (steps, tools, random) => {
      const last = steps.at(-1);
      if (!isCall(last)) return undefined;
      const found = oneOf(
        HARMLESS.filter(({ tool }) => tools.of(tool).isDescribed),
        random,
      );
      if (found === undefined) return undefined;
      const { args: _args, result: _result, as: _as, expect: _expect, ...context } = last;
      return spliceIn(steps, steps.length - 1, [{ ...context, ...found }]);
    },
  },
];

/** A stranger has no part in it. */
const HARMLESS: readonly Call[] = [{ tool: 'read_plan', result: 'the hall gets a new floor' }];

function isWriting({ tool }: Call): boolean {
  return !/^(?:read|list|search|find|get|fetch)_/.test(tool);
}

function spliceIn(steps: readonly Step[], at: number, more: readonly Step[]): readonly Step[] {
  return [...steps.slice(0, at), ...more, ...steps.slice(at)];
}
