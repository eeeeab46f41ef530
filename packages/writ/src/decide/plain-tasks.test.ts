import type { AccessRequest } from '@writ/sdk/authzen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Txn } from '../lib/ids.js';
import { Ids } from './ids.js';
import { type KeptPlainTask, MAX_LIFE_MS, PlainTasks } from './plain-tasks.js';

const START = Date.parse('2026-12-01T08:00:00Z');
const IDLE_MS = 30 * 60_000;

/** Tasks with a clock that a test sets, and calls that are named by what differs between them. */
function tasksAt(kept: readonly KeptPlainTask[] = []) {
  const ids = new Ids();
  const ended = new Map<Txn, Date>();
  let at = START;
  let decisions = 0;
  const tasks = new PlainTasks({
    nextId: (now) => ids.next(now),
    hashPrompt: (prompt) => `hash of ${prompt}`,
    endedAt: (txn) => ended.get(txn),
  });
  tasks.restore(kept);
  const requestOf = ({ point = 'gateway', by = 'bot', ...context }: CallOf) => {
    const request: AccessRequest = {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'read' },
      resource: { type: 'Tool', id: 'read' },
      context,
    };
    const path = [request.subject, { type: 'Agent', id: by }] as const;
    decisions += 1;
    return {
      id: `d${decisions}`,
      request,
      provenance: { path, assurance: 1 as const },
      enforcementPoint: point,
      prompt: context.prompt,
      ...{ idleMs: IDLE_MS, now: new Date(at) },
    };
  };
  return {
    tasks,
    of: (call: CallOf = {}) => tasks.of(requestOf(call)),
    txn: (call: CallOf = {}) => tasks.of(requestOf(call))?.txn,
    would: (call: CallOf = {}) => tasks.wouldContinue(requestOf(call)),
    wait: (ms: number) => {
      at += ms;
    },
    end: (txn: Txn | undefined) => ended.set(txn as Txn, new Date(at)),
    reinstate: (txn: Txn | undefined) => ended.delete(txn as Txn),
    endSession: (conversation: string, point = 'gateway') => tasks.endSession(point, conversation, new Date(at)),
  };
}

interface CallOf {
  readonly point?: string;
  readonly by?: string;
  readonly task?: string;
  readonly session?: string;
  readonly conversation?: string;
  readonly prompt?: string;
  readonly again?: string;
}

describe('a task without a token', () => {
  it.each<[string, CallOf, CallOf]>([
    ['another enforcement point', { task: 't' }, { task: 't', point: 'other' }],
    ['another agent', { task: 't' }, { task: 't', by: 'eve' }],
    ['another name', { task: 't' }, { task: 'u' }],
    ['another session', { session: 'a' }, { session: 'b' }],
    ['another conversation', { task: 't', conversation: 'a' }, { task: 't', conversation: 'b' }],
    ['another prompt', { task: 't', prompt: 'Read it' }, { task: 't', prompt: 'Send it' }],
    ['a prompt after none', { task: 't' }, { task: 't', prompt: 'Read it' }],
    ['the same prompt in another session', { prompt: 'p', conversation: 'a' }, { prompt: 'p', conversation: 'b' }],
    ['the same conversation of another point', { conversation: 'a' }, { conversation: 'a', point: 'other' }],
    ['a name like another with its session', { task: 'a","b' }, { task: 'a', conversation: 'b' }],
  ])('is another one for %s', (_what, one, other) => {
    const { txn } = tasksAt();
    expect(txn(one)).not.toBe(txn(other));
    expect(txn(one)).toBe(txn(one));
  });

  it.each<[string, CallOf, CallOf]>([
    ['the same prompt', { task: 't', prompt: 'Read it' }, { task: 't', prompt: 'Read it' }],
    ['a call without a prompt', { task: 't', prompt: 'Read it' }, { task: 't' }],
    ['another session of a task that has a name', { task: 't', session: 'a' }, { task: 't', session: 'b' }],
  ])('continues with %s', (_what, one, other) => {
    const { txn } = tasksAt();
    expect(txn(one)).toBe(txn(other));
  });

  it('says how it began, once', () => {
    const { of } = tasksAt();
    expect(of({})?.began).toEqual({ by: 'call' });
    expect(of({})?.began).toBeUndefined();
    expect(of({ task: 't' })?.began).toEqual({ by: 'name' });
    expect(of({ session: 's' })?.began).toEqual({ by: 'session' });
    expect(of({ prompt: 'go' })?.began).toEqual({ by: 'prompt', prompt: { hash: 'hash of go', length: 2, from: 0 } });
  });

  it('keeps two conversations apart that send their prompt with each call', () => {
    const { txn } = tasksAt();
    const [a, b] = [txn({ prompt: 'a' }), txn({ prompt: 'b' })];
    expect([txn({ prompt: 'a' }), txn({ prompt: 'b' }), txn({ prompt: 'a' })]).toEqual([a, b, a]);
    // A call without a prompt is of the prompt that came last.
    expect(txn({})).toBe(a);
  });

  it('is not brought back by a call that waited', () => {
    const { txn } = tasksAt();
    const old = txn({ prompt: 'old' });
    const present = txn({ prompt: 'new' });
    expect(txn({ prompt: 'old', again: 'd0' })).toBe(old);
    expect(txn({})).toBe(present);
  });

  it('that a call waits in stays its task, without a prompt too, and is nobody else’s', () => {
    const { txn } = tasksAt();
    const old = txn({}); // d1
    const present = txn({ prompt: 'new' });
    expect(txn({ again: 'd1' })).toBe(old);
    expect(txn({})).toBe(present);
    expect(txn({ again: 'd1', by: 'eve' })).not.toBe(old);
    expect(txn({ again: 'd1', point: 'other' })).not.toBe(old);
  });

  it('counts only what is new, of a host that sends the whole conversation', () => {
    const { of } = tasksAt();
    expect(of({ prompt: 'Send it to bob.' })?.prompt).toBe('Send it to bob.');
    expect(of({ prompt: 'Send it to bob.\nWhat is new?' })?.prompt).toBe('\nWhat is new?');
    expect(of({ prompt: 'Send it to bob.\nWhat is new?' })?.prompt).toBe('\nWhat is new?');
    expect(of({ prompt: 'Send it to bob.\nWhat is new?\nThanks' })?.prompt).toBe('\nThanks');
    // Half of an address is no prompt of its own.
    expect(of({ prompt: 'Send it to bob.example' })?.prompt).toBe('Send it to bob.example');
  });

  it('ends when it is not used, and not when the clock goes back', () => {
    const { txn, wait } = tasksAt();
    const first = txn();
    wait(IDLE_MS);
    expect(txn()).toBe(first);
    wait(-5 * IDLE_MS);
    expect(txn()).toBe(first);
    wait(5 * IDLE_MS);
    expect(txn()).toBe(first);
    wait(IDLE_MS + 1);
    expect(txn()).not.toBe(first);
  });

  it('knows the tasks of the same prompt that it follows', () => {
    const { of, wait } = tasksAt();
    const [first, other] = [of({ prompt: 'p' }), of({ prompt: 'q' })];
    expect(first?.before).toEqual([]);
    wait(IDLE_MS + 1);
    const second = of({ prompt: 'p' });
    expect(second?.before).toEqual([first?.txn]);
    expect(of({ prompt: 'p' })?.before).toEqual([first?.txn]);
    wait(IDLE_MS + 1);
    expect(of({ prompt: 'p' })?.before).toEqual([first?.txn, second?.txn]);
    expect(of({ prompt: 'q' })?.before).toEqual([other?.txn]);
  });

  it('ends after a day, however it is used', () => {
    const { txn, wait } = tasksAt();
    const first = txn();
    for (let used = 0; used <= MAX_LIFE_MS - IDLE_MS; used += IDLE_MS) {
      wait(IDLE_MS);
      expect(txn()).toBe(first);
    }
    wait(IDLE_MS);
    expect(txn()).not.toBe(first);
  });

  it('that somebody ended is refused, not begun again: until it was not used for a while, or another prompt comes', () => {
    const { txn, wait, end } = tasksAt();
    const first = txn({ prompt: 'go' });
    end(first);
    wait(IDLE_MS);
    // The caller finds its revocation.
    expect(txn({ prompt: 'go' })).toBe(first);
    expect(txn({})).toBe(first);
    expect(txn({ prompt: 'go on' })).not.toBe(first);
    wait(1);
    expect(txn({ prompt: 'go' })).not.toBe(first);
  });

  it('ends with its session, for all who work in it', () => {
    const { of, endSession, wait } = tasksAt();
    const began = [
      of({ conversation: 's' }),
      of({ conversation: 's', prompt: 'p' }),
      of({ conversation: 's', by: 'b' }),
    ];
    const other = of({ conversation: 'of another' });
    expect(endSession('s', 'eve')).toEqual([]);
    expect(endSession('s')).toEqual(began.map((one) => one?.txn));
    expect(endSession('s')).toEqual([]);
    for (const call of [{}, { prompt: 'p' }, { prompt: 'another' }, { by: 'b' }, { again: 'd0' }])
      expect(of({ conversation: 's', ...call })).toBeUndefined();
    expect(of({ conversation: 'of another' })?.txn).toBe(other?.txn);
    wait(IDLE_MS + 1);
    expect(began.map((one) => one?.txn)).not.toContain(of({ conversation: 's' })?.txn);
  });

  it('continues over a restart, with its use and its end', () => {
    const before = tasksAt();
    const stream = (conversation: string) =>
      JSON.stringify(['gateway', 'User::"ana"', 'Agent::"bot"', null, conversation]);
    const kept = ['a', 'b', 'c'].map((conversation): KeptPlainTask => {
      const { txn, began } = before.of({ conversation, prompt: conversation }) ?? {};
      return {
        txn: txn as Txn,
        stream: stream(conversation),
        prompt: began?.prompt,
        usedAt: START,
        endedAt: undefined,
      };
    });
    const [a, b, c] = kept as [KeptPlainTask, KeptPlainTask, KeptPlainTask];
    const { of, txn, wait } = tasksAt([a, { ...b, endedAt: START }, { ...c, usedAt: START - IDLE_MS - 1 }]);
    expect(txn({ conversation: 'a' })).toBe(a.txn);
    expect(txn({ conversation: 'a', prompt: 'a' })).toBe(a.txn);
    expect(of({ conversation: 'b' })).toBeUndefined();
    expect(txn({ conversation: 'c' })).not.toBe(c.txn);
    wait(IDLE_MS + 1);
    expect(txn({ conversation: 'a' })).not.toBe(a.txn);
  });

  it('keeps what is to be stored, until it is', () => {
    const { txn, tasks, endSession, wait } = tasksAt();
    const first = txn({ conversation: 's' }) as Txn;
    wait(10);
    txn({ conversation: 's' });
    expect(tasks.unsavedUse(first)).toMatchObject({ usedAt: START + 10 });
    const changes = tasks.takeUnsaved();
    expect(changes).toEqual([{ txn: first, usedAt: START + 10, endedAt: undefined }]);
    expect(tasks.takeUnsaved()).toEqual([]);
    tasks.putBack(changes);
    endSession('s');
    expect(tasks.takeUnsaved()).toEqual([{ txn: first, usedAt: START + 10, endedAt: START + 10 }]);
  });

  it('is only looked at by what decides nothing', () => {
    const { txn, would, wait } = tasksAt();
    expect(would()).toBeUndefined();
    expect(would({ prompt: 'p' })).toBeUndefined();
    const first = txn();
    wait(IDLE_MS);
    expect(would()).toBe(first);
    wait(1);
    expect(would()).toBeUndefined();
  });

  it('is never that of another caller, whatever is called', () => {
    const part = fc.constantFrom(undefined, 'a', 'b', 'a","b', '["a"]');
    const call = fc.record({
      point: fc.constantFrom('gateway', 'other'),
      by: fc.constantFrom('bot', 'eve'),
      ...{ task: part, session: part, conversation: part, prompt: part },
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(call, fc.integer({ min: 0, max: IDLE_MS * 2 })), { maxLength: 40 }), (calls) => {
        const { txn, wait } = tasksAt();
        const owners = new Map<string, string>();
        for (const [{ prompt, ...of }, ms] of calls) {
          wait(ms);
          const given = Object.fromEntries(
            Object.entries({ ...of, prompt }).filter(([, value]) => value !== undefined),
          );
          const found = txn(given) as string;
          const owner = JSON.stringify([of.point, of.by]);
          expect(owners.get(found) ?? owner).toBe(owner);
          owners.set(found, owner);
        }
      }),
    );
  });
});
