import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DecisionRecord } from '../decide/record.js';
import { entryText } from './entry-text.js';

const name = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\w .:/@-]*$/));
const uid = fc.record({ type: name, id: name });
const json = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 });
const fact = fc.record(
  { uid, attributes: json, ancestors: fc.array(uid, { maxLength: 2 }), asserted: fc.array(fc.string()) },
  { requiredKeys: ['uid', 'attributes', 'ancestors'] },
);
const record = fc.record(
  {
    kind: fc.constant('decision' as const),
    id: fc.constant('01M8641579V9C78TQ6ZQMQGCMN'),
    time: fc.constant('2026-11-24T06:31:28.000Z'),
    result: fc.constantFrom('allow', 'modify', 'step_up', 'defer', 'deny'),
    enforcementPoint: name,
    request: json,
    reasons: fc.array(json, { maxLength: 2 }),
    facts: fc.array(fact, { maxLength: 3 }),
    ledger: json,
    policyVersion: fc.constant('sha256:00ff'),
    provenance: fc.record(
      {
        path: fc.array(uid, { minLength: 1, maxLength: 3 }),
        assurance: fc.nat(4),
        txn: fc.string(),
        session: fc.string(),
      },
      { requiredKeys: ['path', 'assurance'] },
    ),
    took: fc.nat(),
    trace: fc.string(),
    seen: json,
    refusal: json,
    mandate: json,
    origins: fc.array(json),
    reserved: fc.array(json),
    obligations: fc.array(json),
    missing: fc.array(json),
    ignored: fc.array(fc.string()),
  },
  {
    requiredKeys: [
      'kind',
      'id',
      'time',
      'result',
      'enforcementPoint',
      'request',
      'reasons',
      'facts',
      'ledger',
      'policyVersion',
    ],
  },
);

it('the text of a decision is the JSON of it, on one line', () => {
  fc.assert(
    fc.property(record, (value) => {
      const text = entryText(value as unknown as DecisionRecord);
      expect(JSON.parse(text)).toEqual({ v: 1, ...JSON.parse(JSON.stringify(value)) });
      expect(text).not.toContain('\n');
      // Facts are remembered.
      expect(entryText(value as unknown as DecisionRecord)).toBe(text);
    }),
  );
});
