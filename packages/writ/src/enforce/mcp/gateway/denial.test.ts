import type { ProtocolError } from '@modelcontextprotocol/server';
import type { Decision, RequestReference } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import type { DecisionId } from '../../../lib/ids.js';
import { refusal } from './denial.js';

const DENIED: Decision = {
  ...{ id: 'd1' as DecisionId, result: 'deny', reasons: [], policyVersion: 'v' },
  refusal: { code: 'revoked', message: 'it is revoked' },
};
const STEP_UP: Decision = { ...DENIED, result: 'step_up' };

const said = (decision: Decision, reference?: RequestReference) =>
  refusal('pay', { kind: 'denied', decision, reference }) as ProtocolError;

describe('the error for a request that was not permitted', () => {
  it.each<[string, Decision, string | undefined, RegExp]>([
    ['says why', DENIED, undefined, /^pay was not permitted: it is revoked$/],
    [
      'tells a call that does not fit apart from one that is not permitted',
      { ...DENIED, refusal: { code: 'invalid_request', message: 'the request does not fit the schema: x' } },
      undefined,
      /^pay was not made: the request does not fit the schema: x$/,
    ],
    [
      'says that somebody is asked',
      STEP_UP,
      'pending',
      /\. Somebody is asked to approve it; make the same call again later, in this session: an approval is for its task, and a new session asks again \(r1\)$/,
    ],
    [
      'says the same of a status that is not known',
      STEP_UP,
      'reviewing',
      /make the same call again later, in this session: .* \(r1\)$/,
    ],
    [
      'says that somebody denied it',
      STEP_UP,
      'denied',
      /\. Somebody was asked to approve it, and denied it; do not ask again \(r1\)$/,
    ],
    [
      'does not send a client back for what is denied finally',
      DENIED,
      'pending',
      /^pay was not permitted: it is revoked$/,
    ],
    [
      'says when its limit is over',
      { ...DENIED, retryAt: new Date(Date.now() + 90_000).toISOString() },
      undefined,
      /^pay was not permitted: it is revoked\. Its limit is over in (90|89) s$/,
    ],
  ])('%s', (_what, decision, status, text) => {
    const { code, message, data } = said(decision, status === undefined ? undefined : { id: 'r1', status });
    expect(code).toBe(-32_001);
    expect(message).toMatch(text);
    expect(data).toMatchObject({ decisionId: 'd1', result: decision.result });
    expect(Object.hasOwn(data as object, 'accessRequest')).toBe(status !== undefined);
  });

  it('names the refusal', () => {
    const { refusal: code, ...permitted } = DENIED;
    expect(said(DENIED).data).toMatchObject({ refusal: code });
    expect(said(permitted).data).not.toHaveProperty('refusal');
  });
});
