import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWrit, type Writ } from '../src/index.js';
import { ADAPTERS, type Tool } from './adapters.js';
import { type FakeService, fakeService, type ScriptedAnswer, type Sent } from './fake-service.js';

const permit = { headers: { 'X-Decision-Id': 'D1' }, body: { decision: true } };
const inputOf = ({ body }: Sent): { n: number } => {
  const { input } = body.context;
  return typeof input.body === 'string' ? JSON.parse(input.body) : input;
};
const log = { warn: () => undefined, error: () => undefined };

describe.each(Object.keys(ADAPTERS))('a tool behind the adapter for %s', (name) => {
  const drive = ADAPTERS[name] as (typeof ADAPTERS)[string];
  let service: FakeService;
  let writ: Writ;
  let tool: { -readonly [member in keyof Tool]: Tool[member] };
  beforeAll(async () => {
    service = await fakeService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    service.reset();
    writ = createWrit({ url: service.url, key: 'key', deadlineMs: 300, log });
    tool = { ran: [], run: () => 'done' };
  });
  afterEach(() => writ.close());

  it('runs with the input that was permitted, and is reported before the model goes on', async () => {
    service.answers = [permit];
    expect(await drive(writ, tool, [{ n: 1 }])).toContain('done');
    expect(tool.ran).toEqual([{ n: 1 }]);
    expect(service.asked[0]?.body).toMatchObject({
      ...{ subject: { type: 'User', id: 'ana' }, action: { name: 'write' }, resource: { type: 'Tool', id: 'write' } },
      context: { agent: 'bot' },
    });
    expect(service.outcomes).toMatchObject([{ decisionId: 'D1', status: 'completed', result: 'done' }]);
  });

  it('does not run if it is denied, and the model is told why', async () => {
    const refusal = { code: 'not_permitted', message: 'only on Mondays' };
    service.answers = [{ ...permit, body: { decision: false, context: { result: 'deny', refusal } } }];
    expect(await drive(writ, tool, [{ n: 1 }])).toContain('only on Mondays');
    expect([tool.ran, service.outcomes]).toEqual([[], []]);
  });

  it.each<[string, readonly ScriptedAnswer[]]>([
    ['times out', [{ hang: true }]],
    ['is down', [{ break: true }]],
    ['answers with nothing', [{ ...permit, raw: '' }]],
    ['answers with junk', [{ ...permit, raw: '{"decision":"true"}' }]],
    ['answers with 500', [{ ...permit, status: 500 }]],
    ['answers about another call', [{ ...permit, body: { decision: true, context: { id: 'D2' } } }]],
    [
      'asks for what nobody can do',
      [
        {
          ...permit,
          body: {
            decision: true,
            context: { result: 'modify', obligations: [{ id: 'o', type: 'x', properties: {} }] },
          },
        },
      ],
    ],
  ])('does not run if the service %s', async (_what, answers) => {
    service.answers = answers;
    expect(await drive(writ, tool, [{ n: 1 }])).not.toContain('done');
    expect(tool.ran).toEqual([]);
  });

  it.each<[string, (..._: unknown[]) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['returns undefined', () => undefined],
    ['returns a promise of junk', async () => ({ permitted: true })],
  ])('does not run if the client %s', async (_what, broken) => {
    await drive({ begin: broken, guard: broken } as never, tool, [{ n: 1 }]).catch(() => undefined);
    // An adapter that takes anything for a permit would have run it.
    expect(tool.ran).toEqual([]);
  });

  it('is reported as failed if it throws', async () => {
    service.answers = [permit];
    tool.run = () => {
      throw new Error('no space left');
    };
    await drive(writ, tool, [{ n: 1 }]).catch(() => undefined);
    expect(service.outcomes).toMatchObject([{ decisionId: 'D1' }]);
    if (name !== 'openai-agents') expect(service.outcomes[0]?.status).toBe('failed');
  });

  it('is decided for itself at the same time as others', async () => {
    service.answers = (sent) => ({
      headers: { 'X-Decision-Id': `D${inputOf(sent).n}` },
      body: { decision: inputOf(sent).n % 2 === 1 },
    });
    tool.run = (input) => `done ${(input as { n: number }).n}`;
    const said = await drive(
      writ,
      tool,
      [1, 2, 3, 4].map((n) => ({ n })),
    );
    expect(tool.ran.map((input) => (input as { n: number }).n).sort()).toEqual([1, 3]);
    expect([1, 2, 3, 4].filter((n) => said.includes(`done ${n}`))).toEqual([1, 3]);
    const reported = service.outcomes.map(({ decisionId, result }) => `${decisionId} ${result}`);
    expect(reported.sort()).toEqual(['D1 done 1', 'D3 done 3']);
  });

  // The model has the result of a tool of Claude Code already.
  it.skipIf(name === 'claude')('hands nothing on whose outcome is not on record', async () => {
    service.answers = [permit];
    service.outcomeStatus = [409];
    tool.run = () => 'secret';
    expect(await drive(writ, tool, [{ n: 1 }])).not.toContain('secret');
    expect(tool.ran.length).toBe(1);
  });

  it.skipIf(name === 'claude')('hands on what obligations leave of a result', async () => {
    const obligations = [{ id: 'o', type: 'redact', properties: { path: 'iban' } }];
    service.answers = [{ ...permit, body: { decision: true, context: { result: 'modify', obligations } } }];
    tool.run = () => JSON.stringify({ iban: 'DE1', n: 7 });
    const said = await drive(writ, tool, [{ n: 1 }]);
    expect([said.includes('DE1'), said.includes('[redacted]')]).toEqual([false, true]);
  });
});
