import { ProtocolError } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { serverError } from './server-error.js';

const ELICITATIONS = [{ mode: 'url', elicitationId: 'e1', url: 'https://sign.example/in', message: 'sign in' }];

describe('the error of a server', () => {
  it.each<[string, number, unknown, unknown]>([
    ['that asks to sign in', -32_042, { elicitations: ELICITATIONS }, { elicitations: ELICITATIONS, decisionId: 'D' }],
    ['of a resource that is not there', -32_002, { uri: 'a:b' }, { uri: 'a:b', decisionId: 'D' }],
    ['of its own', 4_001, { retryAfter: 5 }, { retryAfter: 5, decisionId: 'D' }],
    ['without data', -32_000, undefined, { decisionId: 'D' }],
    ['whose data has our name', -32_001, { decisionId: 'X' }, { decisionId: 'X', 'dev.writ/decision': 'D' }],
    ['whose data is a text', -32_000, 'why', 'why'],
    ['whose data is null', -32_000, null, null],
    ['whose data is a list', -32_000, [1], [1]],
  ])('goes on as it is, with the id of the decision beside it: %s', (_what, code, data, handedOn) => {
    const error = serverError(new ProtocolError(code, 'sign in first', data), 'D');
    expect([error.code, error.message, error.data]).toEqual([code, 'sign in first', handedOn]);
  });
});
