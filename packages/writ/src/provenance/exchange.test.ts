import { describe, expect, it } from 'vitest';
import type { Txn } from '../lib/ids.js';
import { seconds } from '../lib/units.js';
import type { ExchangeError } from './errors.js';
import { firstToken, handedOn, narrowedToken, withActor } from './exchange.js';
import { MAX_MADE_OF, MAX_PATH, type PathMember, type TransactionToken } from './transaction-token.js';

const now = new Date(1_000_900);
const limits = { lifetime: seconds(300), maxDepth: 2 };
const member = (id: string, assurance: 1 | 2 = 2): PathMember => ({ uid: { type: 'Agent', id }, assurance });
const [ana, bot, helper] = [member('ana'), member('bot'), member('helper', 1)];

const first: Parameters<typeof firstToken>[0] = {
  proven: {
    path: [ana],
    scope: ['refund', 'mail'],
    stated: [],
    origin: { id: 'idp jti-1', session: 's-1', provedAt: seconds(900) },
  },
  txn: 'txn-1' as Txn,
  scope: ['refund'],
  requestingWorkload: 'checkout',
};
const parent: TransactionToken = {
  ...{ txn: 'txn-1' as Txn, id: 'jti-2', madeOf: ['jti-1'], path: [ana], scope: ['refund', 'mail'] },
  ...{ requestingWorkload: 'checkout', issuedAt: seconds(990), expires: seconds(1_200), session: 's-1' },
};

const problemOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    return (error as ExchangeError).problem;
  }
  return 'no error';
};

describe('firstToken', () => {
  it('is for what was asked, lives as long as the limits say, and can be revoked by its credential', () => {
    expect(firstToken(first, limits, now)).toEqual({
      ...{ txn: 'txn-1', path: [ana], scope: ['refund'], requestingWorkload: 'checkout' },
      ...{ issuedAt: 1_000, expires: 1_300, madeOf: ['idp jti-1'], session: 's-1', provedAt: 900 },
    });
  });

  it.each([
    ['a scope that the credential does not cover', { scope: ['refund', 'deploy'] }, 'invalid_scope'],
    ['no scope', { scope: [] }, 'invalid_scope'],
    ['a path at the limit', { proven: { ...first.proven, path: [ana, bot, helper] } }, 'no error'],
    ['a path past the limit', { proven: { ...first.proven, path: [ana, bot, helper, member('x')] } }, 'access_denied'],
    ['a credential that covers nothing', { proven: { ...first.proven, scope: [] } }, 'invalid_scope'],
  ])('%s', (_clause, change, code) => {
    expect(problemOf(() => firstToken({ ...first, ...(change as object) }, limits, now))).toBe(code);
  });
});

describe('narrowedToken', () => {
  it.each([
    ['keeps the scope if none is asked', undefined, ['refund', 'mail']],
    ['takes a part of the scope', ['mail'], ['mail']],
  ])('%s', (_clause, scope, expected) => {
    expect(narrowedToken(parent, scope, 'desk', limits, now)).toMatchObject({
      scope: expected,
      requestingWorkload: 'desk',
    });
  });

  it.each([
    ['the parent ends first', seconds(1_200), 300, 1_200],
    ['its own life ends first', seconds(9_000), 300, 1_300],
    ['a shorter lifetime', seconds(9_000), 60, 1_060],
  ])('ends when %s', (_clause, expires, lifetime, expected) => {
    const token = narrowedToken(
      { ...parent, expires },
      undefined,
      'desk',
      { ...limits, lifetime: seconds(lifetime) },
      now,
    );
    expect(token.expires).toBe(expected);
  });

  it('is revoked with each token that it was made of, and has no id of its own yet', () => {
    expect(narrowedToken(parent, undefined, 'desk', limits, now)).toMatchObject({
      id: undefined,
      madeOf: ['jti-1', 'jti-2'],
    });
  });

  it.each([
    ['a wider scope', { scope: ['deploy'] }, parent, 'invalid_scope'],
    ['an empty scope', { scope: [] }, parent, 'invalid_scope'],
    [
      'the last exchange',
      {},
      { ...parent, madeOf: new Array<string>(MAX_MADE_OF - 1).fill('j') } as TransactionToken,
      'no error',
    ],
    [
      'one exchange too many',
      {},
      { ...parent, madeOf: new Array<string>(MAX_MADE_OF).fill('j') } as TransactionToken,
      'access_denied',
    ],
  ])('%s', (_clause, { scope }: { scope?: string[] }, from, code) => {
    expect(problemOf(() => narrowedToken(from, scope, 'desk', limits, now))).toBe(code);
  });
});

describe('handedOn', () => {
  it('adds the actor, and leaves the rest as it was or less', () => {
    const token = handedOn(parent, bot, ['mail'], 'desk', limits, now);
    expect(token).toMatchObject({ txn: 'txn-1', path: [ana, bot], scope: ['mail'], session: 's-1', expires: 1_200 });
  });

  it.each([
    ['within the depth', [ana, bot], helper, 'no error'],
    ['past the depth', [ana, bot, helper], member('x'), 'access_denied'],
    ['to one who is on the path', [ana, bot], ana, 'access_denied'],
    ['to a wider scope', [ana], bot, 'invalid_scope'],
  ])('%s', (clause, path, actor, code) => {
    const from = { ...parent, path: path as unknown as TransactionToken['path'] };
    const scope = clause === 'to a wider scope' ? ['deploy'] : undefined;
    expect(problemOf(() => handedOn(from, actor, scope, 'desk', limits, now))).toBe(code);
  });

  it('never makes a path that no token can carry, whatever the bundle allows', () => {
    const path = Array.from({ length: MAX_PATH }, (_, i) => member(`m${i}`)) as unknown as TransactionToken['path'];
    expect(
      problemOf(() => handedOn({ ...parent, path }, bot, undefined, 'desk', { ...limits, maxDepth: 99 }, now)),
    ).toBe('access_denied');
  });
});

it('withActor names the actor that is on the path already', () => {
  expect(withActor([ana], bot)).toEqual([ana, bot]);
  expect(() => withActor([ana, bot], { ...bot, assurance: 1 })).toThrow('Agent::"bot" is on the delegation path');
});
