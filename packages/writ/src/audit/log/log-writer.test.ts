import { expect, it } from 'vitest';
import type { LogEntry } from '../../decide/record.js';
import { UNPROTECTED } from '../protection/protection.js';
import type { LogGroup } from './log-group.js';
import { LogWriter } from './log-writer.js';

const change = (id: string): LogEntry => ({ kind: 'change', id, time: '2026-11-26T00:00:00.000Z' }) as LogEntry;

it('who reads the texts hears each with what it is of, from then on', async () => {
  const written: string[] = [];
  const log = new LogWriter(
    {
      write: async ({ body }) => void written.push(...body.split('\n')),
      readable: async () => undefined,
      failure: undefined,
      close: async () => undefined,
    },
    UNPROTECTED,
  );
  const heard: (readonly [string, string])[] = [];
  const ids: string[] = [];
  log.onEntries((notes) => ids.push(...notes.map(({ id }) => id)));

  const before = log.append([change('01A'), change('01B')]);
  const stop = log.onTexts((notes, texts) =>
    heard.push(...notes.map(({ id }, i) => [id, texts[i] as string] as const)),
  );
  await Promise.all([before, log.append([change('01C')]), log.append([change('01D')])]);
  await log.settled();
  stop();
  await log.append([change('01E')]);
  await log.append([change('01F')]);
  await log.settled();

  expect(ids).toEqual(['01A', '01B', '01C', '01D', '01E', '01F']);
  expect(heard.map(([id]) => id)).toEqual(['01C', '01D']);
  for (const [id, text] of heard) expect(JSON.parse(text)).toMatchObject({ kind: 'change', id });
  expect(written.map((line) => (JSON.parse(line) as LogEntry).id)).toEqual(ids);
});

it('a removal ends its group: what a later entry holds is not taken out with it', async () => {
  const groups: LogGroup[] = [];
  const log = new LogWriter(
    {
      write: async (group) => void groups.push(group),
      readable: async () => undefined,
      failure: undefined,
      close: async () => undefined,
    },
    UNPROTECTED,
  );
  const removed = [{ accumulator: '$task', key: 't', values: ['pii'] }];
  const held = [{ accumulator: '$task', fold: 'labels by task', key: 't', amount: ['pii'] }];
  const time = '2026-11-26T00:00:00.000Z';
  const common = { kind: 'decision', time, enforcementPoint: 'x', result: 'allow', reasons: [], facts: [], ledger: {} };
  const permit = (id: string) => ({ ...common, id, request: { action: { name: 'look' } }, reserved: held }) as never;
  await Promise.all([
    log.append([permit('01A')]),
    log.append([{ ...change('01B'), removed } as LogEntry]),
    log.append([permit('01C')]),
  ]);
  await log.settled();
  expect(
    groups.map(({ holdings, removed: out }) => [holdings.map(({ decisionId }) => decisionId), out.length]),
  ).toEqual([
    [['01A'], 1],
    [['01C'], 0],
  ]);
});
