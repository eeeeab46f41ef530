import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, createWrit, type GuardedCall, type Writ } from '../src/index.js';
import { type FakeService, fakeService, type ScriptedAnswer } from './fake-service.js';

interface Vector {
  readonly name: string;
  readonly answers: readonly ScriptedAnswer[];
  readonly deadlineMs?: number;
  // biome-ignore lint/suspicious/noExplicitAny: each file has members of its own (vectors/README.md)
  readonly [member: string]: any;
}

const vectors = (file: string): readonly Vector[] =>
  JSON.parse(readFileSync(new URL(`vectors/${file}.json`, import.meta.url), 'utf8')) as Vector[];
const LONG_MS = 20_000;

let service: FakeService;
let writ: Writ;
beforeAll(async () => {
  service = await fakeService();
});
afterAll(() => service.close());
beforeEach(() => service.reset());
afterEach(() => writ.close());

function clientFor(vector: Vector): Writ {
  service.answers = vector.answers;
  service.outcomeStatus = vector.outcomeStatus ?? [];
  service.outcomeRetryAfter = vector.outcomeRetryAfter;
  const log = { warn: () => undefined, error: () => undefined };
  writ = createWrit({ url: service.url, key: 'key', deadlineMs: vector.deadlineMs ?? LONG_MS, log });
  return writ;
}

/** Returns what a promise ends with, as an expectation says it. */
async function ended<T>(
  pending: Promise<T>,
): Promise<{ readonly value?: T; readonly error?: Error & { code?: string } }> {
  try {
    return { value: await pending };
  } catch (error) {
    return { error: error as Error };
  }
}

describe('a decision', () => {
  it.each(vectors('decide'))('$name', async (vector) => {
    const { kind, code, requests, requestable, stepUp, policies, ...expected } = vector.expect;
    const { value, error } = await ended(clientFor(vector).decide(vector.call as GuardedCall));
    if (kind === 'error') expect(error).toMatchObject({ code });
    else {
      expect(error).toBeUndefined();
      expect(value).toMatchObject(expected);
      const shown = value as Answer;
      if (requestable !== undefined) expect('requestable' in shown).toBe(requestable);
      if (stepUp !== undefined) expect(shown).toMatchObject({ obligations: stepUp.map((id: string) => ({ id })) });
      if (policies !== undefined) expect(shown.reasons.map(({ policy }) => policy)).toEqual(policies);
    }
    if (requests !== undefined) expect(service.asked.length).toBe(requests);
    const [sent] = service.asked;
    if (sent !== undefined) {
      expect(sent.body).toMatchObject({ subject: vector.call.subject, action: { name: vector.call.action } });
      expect(sent.body.context).toMatchObject({ input: vector.call.input, agent: vector.call.agent });
    }
  });
});

describe('a batch', () => {
  it.each(vectors('batch'))('$name', async (vector) => {
    const options = vector.until === undefined ? {} : { until: vector.until };
    const { value, error } = await ended(clientFor(vector).decideAll(vector.calls as GuardedCall[], options));
    if (vector.expect.kind === 'error') expect(error).toMatchObject({ code: vector.expect.code });
    else
      expect({ results: value?.map(({ result }) => result), ids: value?.map(({ id }) => id) }).toEqual(vector.expect);
  });
});

describe('a guarded call', () => {
  it.each(vectors('guard'))('$name', async (vector) => {
    const { ran, code, secret, outcomes, ...expected } = vector.expect;
    let received: unknown = false;
    const pending = clientFor(vector).guard(vector.call as GuardedCall, (input) => {
      received = input;
      // Nothing is reported before the call is over.
      expect(service.outcomes).toEqual([]);
      if (vector.run.throws !== undefined) throw new Error(vector.run.throws);
      return vector.run.returns as unknown;
    });
    const { value, error } = await ended(pending);
    expect(received).toEqual(ran);
    expect(value).toEqual(expected.value);
    if (code !== undefined) expect(error).toMatchObject({ code });
    else expect(error?.message).toBe(expected.error);
    if (secret !== undefined) expect(`${error?.message} ${error?.stack} ${String(error?.cause)}`).not.toContain(secret);
    expect(service.outcomes).toMatchObject(outcomes);
    expect(service.outcomes.length).toBe(outcomes.length);
  });
});
