import { describe, expect, it } from 'vitest';
import { taskOf, workingFor } from './carried.js';

const tokenOf = (claims: object, more = ''): string =>
  `${['{"alg":"none"}', JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.')}.${more}`;

describe('what a token says, not verified', () => {
  it.each<[string, string, string | undefined, object | undefined]>([
    ['both', tokenOf({ txn: 'x', sub: 'User::"ana"' }), 'x', { type: 'User', id: 'ana' }],
    ['both, with links', tokenOf({ txn: 'x', sub: 'User::"ana"' }, 's~link~link'), 'x', { type: 'User', id: 'ana' }],
    ['a subject that is no identity', tokenOf({ txn: 7, sub: 'ana' }), undefined, undefined],
    ['nothing', tokenOf({}), undefined, undefined],
    ['no JWT', 'token', undefined, undefined],
    ['an empty text', '', undefined, undefined],
  ])('%s', (_what, token, txn, originator) => {
    const task = JSON.parse(taskOf({ task: 't' }, { txnToken: token })) as unknown[];
    // A token without a transaction stands for itself.
    const client = { originator: { type: 'User', id: 'bob' }, agent: undefined, task: 't' };
    const works = originator === undefined ? client : { ...client, originator, agent: client.originator };
    expect([task, workingFor(client, token)]).toEqual([['t', txn ?? token], works]);
    const agent = { type: 'Agent', id: 'bot' };
    expect(workingFor({ ...client, agent }, token)).toEqual({ ...client, agent });
  });
});

it('a call without a token is of the task of its client', () => {
  expect(taskOf({ task: 't' }, {})).toBe('["t",null]');
});
