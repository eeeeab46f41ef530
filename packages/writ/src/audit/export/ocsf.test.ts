import { describe, expect, it } from 'vitest';
import type { DecisionRecord, OutcomeRecord } from '../../decide/record.js';
import { ocsfDecision, ocsfOutcome } from './ocsf.js';

const PLACE = { origin: 'log.example/1', index: 7 };
const lena = { type: 'User', id: 'lena' };
const bot = { type: 'Agent', id: 'bot' };
const decision = (more: object = {}): DecisionRecord =>
  ({
    id: '01M8641579V9C78TQ6ZQMQGCMN',
    time: '2026-11-24T06:31:28.000Z',
    result: 'allow',
    enforcementPoint: 'gateway',
    policyVersion: 'v',
    request: { subject: lena, action: { name: 'pay' }, resource: { type: 'Order', id: 'o-1' } },
    reasons: [],
    ledger: {},
    ...more,
  }) as unknown as DecisionRecord;
const acting = (name: string) => ({ request: { ...decision().request, action: { name } } });

describe('the activity is by the name of the action', () => {
  it.each([
    ['create_order', 1],
    ['send-email', 1],
    ['getCustomer', 2],
    ['read', 2],
    ['list.files', 2],
    ['update_order', 3],
    ['refund_order', 3],
    ['deleteFile', 4],
    ['drop', 4],
    ['getaway', 99],
    ['deploy_release', 99],
    ['reader', 99],
  ])('%s is %i', (name, activity) => {
    expect(ocsfDecision(decision(acting(name)), PLACE, '1.8.0')).toMatchObject({
      activity_id: activity,
      type_uid: 600_300 + activity,
    });
  });
});

describe('the result', () => {
  it.each<[DecisionRecord['result'], object]>([
    ['allow', { action_id: 1, disposition_id: 1, status_id: 1, severity_id: 1 }],
    ['modify', { action_id: 1, disposition_id: 11, status_id: 1, severity_id: 1 }],
    ['step_up', { action_id: 2, disposition_id: 23, status_id: 2, severity_id: 2 }],
    ['defer', { action_id: 2, disposition_id: 14, status_id: 2, severity_id: 2 }],
    ['deny', { action_id: 2, disposition_id: 2, status_id: 2, severity_id: 2 }],
  ])('%s', (result, event) => {
    expect(ocsfDecision(decision({ result }), PLACE, '1.8.0')).toMatchObject(event);
  });
});

it('the resources are that of the request, and each table of its statement once', () => {
  const uid = { type: 'Table', id: 'public.pay' };
  const parts = ['read', 'write'].map((access) => ({ access, fact: { uid, attributes: {}, ancestors: [] } }));
  expect(ocsfDecision(decision({ parts }), PLACE, '1.8.0').resources).toEqual([
    { uid: 'Order::"o-1"', name: 'o-1', type: 'Order' },
    { uid: 'Table::"public.pay"', name: 'public.pay', type: 'Table' },
  ]);
});

describe('who acts', () => {
  const path = { provenance: { path: [lena, bot], assurance: 1, session: 's', txn: 't' } };

  it('is the originator as the user, and the last of the path as the application', () => {
    expect(ocsfDecision(decision(path), PLACE, '1.8.0')).toMatchObject({
      actor: { user: { uid: 'User::"lena"' }, app_uid: 'Agent::"bot"', session: { uid: 's' } },
      metadata: { correlation_uid: 't', log_name: 'log.example/1', sequence: 7 },
    });
  });

  it('is an agent in 1.9.0 only if somebody else is the originator', () => {
    expect(ocsfDecision(decision(path), PLACE, '1.9.0-dev').ai_agent).toMatchObject({ name: 'bot', instance_uid: 's' });
    expect(ocsfDecision(decision(), PLACE, '1.9.0-dev').ai_agent).toBeUndefined();
    expect(ocsfDecision(decision(path), PLACE, '1.8.0').ai_agent).toBeUndefined();
  });
});

it('a policy that decided for two identities is there once', () => {
  const reasons = [lena, bot].map((identity) => ({ policy: 'p', effect: 'forbid', reason: 'no', identity }));
  const event = ocsfDecision(decision({ reasons, result: 'deny' }), PLACE, '1.8.0');
  expect(event).toMatchObject({ message: 'no', policy: { uid: 'p', desc: 'no' } });
  expect((event.actor as { authorizations: object[] }).authorizations).toHaveLength(1);
});

it('the fingerprint depends on the event and on its place in the log', () => {
  const print = (record: DecisionRecord, place = PLACE): unknown =>
    (ocsfDecision(record, place, '1.9.0-dev').attestation_list as { fingerprint: { value: string } }[])[0]?.fingerprint
      .value;
  expect(print(decision())).toBe(print(decision()));
  expect(print(decision())).not.toBe(print(decision({ result: 'deny' })));
  expect(print(decision())).not.toBe(print(decision(), { ...PLACE, index: 8 }));
});

describe('an outcome', () => {
  it.each<[OutcomeRecord['status'], number]>([
    ['completed', 1],
    ['failed', 2],
    ['not-executed', 2],
    ['unknown', 0],
  ])('%s has the status %i', (status, id) => {
    const outcome = { id: 'o', decisionId: 'd', time: '2026-11-24T06:31:28.000Z', status } as unknown as OutcomeRecord;
    expect(ocsfOutcome(outcome, PLACE, '1.8.0')).toMatchObject({
      status_id: id,
      metadata: { original_event_uid: 'd' },
    });
  });
});
