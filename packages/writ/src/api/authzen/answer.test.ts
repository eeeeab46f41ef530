import { expect, test } from 'vitest';
import type { PolicyPlane } from '../../decide/plane.js';
import type { DecisionRecord } from '../../decide/record.js';
import type { AuthenticatedCaller } from '../http/callers.js';
import { answerOf } from './answer.js';

const record = (more: object): DecisionRecord =>
  ({
    id: 'd1',
    time: '2026-11-30T12:00:00.000Z',
    policyVersion: 'v1',
    result: 'deny',
    reasons: [],
    request: { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } },
    facts: [],
    ...more,
  }) as unknown as DecisionRecord;
const caller = (detailByDefault: 'none' | 'reasons' | 'full', mayAsk = true): AuthenticatedCaller =>
  ({ detailByDefault, rights: { detail: () => mayAsk } }) as unknown as AuthenticatedCaller;
/** A policy that takes no requests for access. */
const plane = {
  forms: new Map(),
  consents: new Set<string>(),
  templates: new Map(),
  approvals: undefined,
  actions: new Map(),
} as unknown as PolicyPlane;
const answering = { plane, publicUrl: () => 'https://writ.example/' };
const forbidden = { reasons: [{ policy: 'p', effect: 'forbid', identity: { type: 'User', id: 'ana' } }] };
const detail = (level: string): object => ({ request: { ...record({}).request, context: { detail: level } } });

test.each<[string, DecisionRecord, AuthenticatedCaller]>([
  ['a permit', record({ result: 'allow' }), caller('none')],
  ['a denial', record({}), caller('none')],
  ['a denial with reasons that nobody asked for', record(forbidden), caller('none')],
  ['a denial whose detail the caller may not have', record({ ...forbidden, ...detail('full') }), caller('full', false)],
  ['a detail that is none', record(detail('everything')), caller('none')],
])('%s is bare', (_what, made, by) => {
  expect(answerOf(made, by, answering)).toEqual({ decision: made.result === 'allow' });
});

test.each<[string, DecisionRecord, AuthenticatedCaller, object]>([
  [
    'reasons that are asked for',
    record({ ...forbidden, ...detail('reasons') }),
    caller('none'),
    { ...forbidden, policyVersion: 'v1', id: 'd1', result: 'deny' },
  ],
  [
    'a refusal, for a caller that has reasons by default',
    record({ refusal: { code: 'revoked', message: 'ana is revoked' } }),
    caller('reasons'),
    {
      reasons: [],
      refusal: { code: 'revoked', message: 'ana is revoked' },
      policyVersion: 'v1',
      id: 'd1',
      result: 'deny',
    },
  ],
  [
    'an obligation, whoever asks',
    record({ result: 'modify', obligations: [{ id: 'o', type: 'mask', properties: {} }] }),
    caller('none'),
    { id: 'd1', result: 'modify', obligations: [{ id: 'o', type: 'mask', properties: {} }] },
  ],
  [
    'what a deferral waits for, and when to ask again',
    record({ result: 'defer', missing: [{ entity: { type: 'Doc', id: '1' }, attribute: 'owner' }] }),
    caller('none'),
    {
      id: 'd1',
      result: 'defer',
      missing: [{ entity: { type: 'Doc', id: '1' }, attribute: 'owner' }],
      retry_after: 30,
    },
  ],
  [
    'the approval that a permit relies on',
    record({
      result: 'allow',
      presented: { approval: 'apr_1' },
      approvals: [{ id: 'apr_1', approvedUntil: '2026-12-01T00:00:00.000Z' }],
    }),
    caller('none'),
    { id: 'd1', result: 'allow', approval: { id: 'apr_1', approved_until: '2026-12-01T00:00:00.000Z' } },
  ],
  [
    'that an approval did not help, because policy denies',
    record({ presented: { approval: 'apr_1' } }),
    caller('none'),
    { id: 'd1', result: 'deny', next_action: 'none', reason: 'policy_denied' },
  ],
  [
    'that an approval cannot be verified',
    record({ presented: { approval: 'apr_1', problem: 'approval_unverifiable' } }),
    caller('none'),
    { id: 'd1', result: 'deny', next_action: 'none', reason: 'approval_unverifiable' },
  ],
  [
    'that a deferred request with an approval is to be tried again',
    record({ result: 'defer', missing: [], presented: { approval: 'apr_1' } }),
    caller('none'),
    { id: 'd1', result: 'defer', next_action: 'retry', missing: [], retry_after: 30 },
  ],
])('%s is in the context', (_what, made, by, context) => {
  expect(answerOf(made, by, answering)).toEqual({ decision: ['allow', 'modify'].includes(made.result), context });
});
