import type { Decision, DecisionId, Obligation } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { decideAll, obligationsOf } from './decide-all.js';

const decision = (id: string, result: Decision['result'] = 'allow', obligations?: readonly Obligation[]): Decision => ({
  ...{ id: id as DecisionId, result, reasons: [], policyVersion: 'v' },
  ...(obligations && { obligations }),
});

async function decided(results: readonly (Decision['result'] | Error)[]) {
  const asked: number[] = [];
  const cancelled: string[] = [];
  const requests = results.map((_result, i) => i) as [number, ...number[]];
  const outcome = await decideAll(requests, {
    decide: async (i) => {
      asked.push(i);
      const result = results[i];
      if (result instanceof Error) throw result;
      return decision(`d${i}`, result);
    },
    decisionIn: (one) => one,
    cancel: async ({ id }) => cancelled.push(id),
  }).then(
    (all) => all.map(({ id }) => String(id)),
    (error: Error) => error.message,
  );
  return { asked, cancelled, outcome };
}

describe('the requests of one operation', () => {
  it.each<[string, (Decision['result'] | Error)[], number[], string[], unknown]>([
    ['one permit', ['allow'], [0], [], ['d0']],
    ['permits', ['allow', 'modify', 'allow'], [0, 1, 2], [], ['d0', 'd1', 'd2']],
    ['a denial', ['deny', 'allow'], [0], [], ['d0']],
    ['a denial after permits', ['allow', 'modify', 'deny', 'allow'], [0, 1, 2], ['d0', 'd1'], ['d0', 'd1', 'd2']],
    ['a step-up after a permit', ['allow', 'step_up'], [0, 1], ['d0'], ['d0', 'd1']],
    ['a failure', [new Error('down')], [0], [], 'down'],
    ['a failure after a permit', ['allow', new Error('down'), 'allow'], [0, 1], ['d0'], 'down'],
  ])(
    '%s: none is decided after the first that is no permit, and permits are given back',
    async (_what, results, ...expected) => {
      const { asked, cancelled, outcome } = await decided(results);
      expect([asked, cancelled, outcome]).toEqual(expected);
    },
  );
});

describe('permits of one operation', () => {
  const redact: Obligation = { id: 'a', type: 'redact', properties: { path: 'x' } };
  const mark: Obligation = { id: 'b', type: 'watermark', properties: { text: 'y' } };

  it.each<[string, readonly (readonly Obligation[])[], readonly Obligation[]]>([
    ['none', [[], []], []],
    ['those of all', [[redact], [mark]], [redact, mark]],
    ['what two of them say once', [[redact], [{ ...redact, id: 'c' }, mark]], [{ ...redact, id: 'c' }, mark]],
    ['those of the only one', [[redact]], [redact]],
  ])('have the obligations %s', (_what, obligations, expected) => {
    const all = obligations.map((some, i) => decision(`d${i}`, 'allow', some.length === 0 ? undefined : some));
    expect(obligationsOf(all)).toEqual(expected);
  });
});
