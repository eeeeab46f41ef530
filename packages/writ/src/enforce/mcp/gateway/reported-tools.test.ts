import type { ServiceAnswer, ServiceClient } from '@writ/sdk/client';
import { lineLog } from '@writ/sdk/lib/log';
import { describe, expect, it } from 'vitest';
import type { Tool } from '../protocol/call.js';
import { ReportedTools } from './reported-tools.js';

const tool = (name: string, description = ''): Tool => ({ name, description, inputSchema: { type: 'object' } }) as Tool;

/** A guard's view of tools at a service that answers each report with the next of these. */
function reportedTo(...answers: (Pick<ServiceAnswer, 'status' | 'body'> | Error)[]) {
  const logged: string[] = [];
  let changes = 0;
  const client = {
    send: async () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as ServiceClient;
  const tools = new ReportedTools({
    ...{ client, server: 's', log: lineLog((line) => logged.push(line)) },
    onChange: () => {
      changes += 1;
    },
  });
  const state = (name: string) => tools.stateOf('s', name);
  return { tools, state, logged, changes: () => changes };
}
const states = (...tools: object[]) => ({ status: 200, body: { tools } });

describe('the tools of a guarded server', () => {
  it.each<[string, Pick<ServiceAnswer, 'status' | 'body'> | Error, RegExp | undefined]>([
    ['is not, before the service answers for it', states(), /nobody has looked at it yet/],
    ['is not, if the service does not answer', new Error('down'), /down/],
    ['is not, if the service fails', { status: 500, body: undefined }, /status 500/],
    ['is not, if the answer has no tools', { status: 200, body: {} }, /status 200/],
    ['is not, if the answer is about another', states({ tool: 'other', findings: [] }), /nobody has looked at it yet/],
    ['is not, if it has no findings', states({ tool: 'get' }), /nobody has looked at it yet/],
    ['is not, if it is suspended', states({ tool: 'get', suspended: 'changed', findings: [] }), /^changed$/],
    ['is not, whatever stands for the reason', states({ tool: 'get', suspended: false, findings: [] }), /^false$/],
    ['is, if the service says nothing against it', states({ tool: 'get', findings: ['odd'] }), undefined],
    ['is, if the service takes no reports', { status: 403, body: {} }, undefined],
  ])('one may be called: it %s', async (_what, answer, suspended) => {
    const { tools, state } = reportedTo(answer);
    await tools.report([tool('get')]);
    tools.close();
    const found = state('get').suspended;
    if (suspended === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(suspended);
  });

  it('keep their states meanwhile, but for those that changed', async () => {
    const both = states({ tool: 'get', findings: [] }, { tool: 'put', findings: [] });
    const { tools, state, changes } = reportedTo(both, new Error('down'));
    await tools.report([tool('get'), tool('put')]);
    await tools.report([tool('get'), tool('put', 'another text')]);
    tools.close();
    expect([state('get').suspended, state('put').suspended]).toEqual([undefined, expect.stringContaining('down')]);
    expect(changes()).toBe(2);
  });

  it('are nobody’s business where the service takes no reports: that is logged once', async () => {
    const { tools, logged } = reportedTo({ status: 403, body: {} });
    await tools.report([tool('get')]);
    await tools.report([tool('get')]);
    expect([tools.isPinned, logged.length]).toEqual([false, 1]);
  });

  it('are asked for again while one is suspended', async () => {
    const { tools, state } = reportedTo(new Error('down'), states({ tool: 'get', findings: [] }));
    await tools.report([tool('get')]);
    expect(state('get').suspended).toMatch(/down/);
    await expect.poll(() => state('get').suspended, { timeout: 10_000 }).toBeUndefined();
    tools.close();
  });
});
