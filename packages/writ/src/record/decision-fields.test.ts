import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { explain } from '../audit/explain/explain.js';
import { ocsfDecision } from '../audit/export/ocsf.js';
import type { DecisionId } from '../lib/ids.js';
import { DECISION_FIELDS, type DecisionRecord, linesOf } from './decision-fields.js';
import { recordShape } from './entries.js';
import { entryText } from './entry-text.js';
import { recordSchema } from './record-schema.js';

const lena = { type: 'User', id: 'lena' };
const bot = { type: 'Agent', id: 'support-bot' };
const order = { type: 'Order', id: 'o-4' };

/** A record that has every field: one that is added to the list has to be added here, or this does not compile. */
const FULL: Required<DecisionRecord> = {
  kind: 'decision',
  id: '01M8641579V9C78TQ6ZQMQGCMN' as DecisionId,
  time: '2026-11-24T06:31:28.000Z',
  result: 'deny',
  enforcementPoint: 'gateway',
  request: { subject: lena, action: { name: 'refund_order' }, resource: order, context: { input: { amount: 170 } } },
  reasons: [{ policy: 'refund-limit', effect: 'forbid', reason: 'at most 500 in a day', identity: lena }],
  facts: [{ uid: lena, attributes: { level: 3 }, ancestors: [{ type: 'Team', id: 'support' }] }],
  parts: [{ access: 'read', fact: { uid: { type: 'Table', id: 'public.orders' }, attributes: {}, ancestors: [] } }],
  ledger: { refunded: 400, seen: ['pii'] },
  policyVersion: 'sha256:5f1d',
  provenance: { path: [lena, bot], assurance: 2, txn: 'task-7' },
  refusal: { code: 'fact_missing', message: 'a fact is missing' },
  obligations: [{ id: 'hide', type: 'mask', properties: { fields: ['iban'] } }],
  missing: [{ entity: order, attribute: 'owner' }],
  stale: 'no signal for 20 minutes',
  undescribed: true,
  retryAt: '2026-11-25T06:31:28.000Z',
  approvals: [
    {
      id: 'a-1',
      request: 'r-1',
      policies: ['no-deploys'],
      approvers: ['User::"ada"'],
      uses: 'once',
      approvedAt: '2026-11-24T06:00:00.000Z',
      approvedUntil: '2026-11-24T07:00:00.000Z',
      reason: 'a hotfix',
    },
  ],
  presented: { approval: 'a-2', problem: 'approval_expired' },
  mandate: { kind: 'refunds', covers: true, grant: 0 },
  origins: [{ argument: 'amount', role: 'content', from: 'prompt', integrity: 'attested', labels: [] }],
  reserved: [{ accumulator: 'refunded', fold: 'sum', key: 'lena', amount: 170 }],
  ignored: ['subject.role'],
  referred: [{ uid: { type: 'Team', id: 'support' }, attributes: { floor: 2 }, ancestors: [] }],
  observed: {
    result: 'step_up',
    reasons: [{ policy: 'night', effect: 'forbid', reason: 'nothing is paid at night', identity: bot }],
  },
  seen: { tool: { effects: ['write'] } },
  supported: ['mask'],
  revision: 12,
  took: 2_400,
  trace: '0af7651916cd43dd8448eb211c80319c',
  resolves: '01M8641579V9C78TQ6ZQMQGCMM' as DecisionId,
  binding: 'hmac-sha256:aa',
};

const NAMES = Object.keys(DECISION_FIELDS) as (keyof DecisionRecord)[];

describe('every field of the list', () => {
  it('is in the record, and every field of the record is in the list', () => {
    expect(Object.keys(FULL).sort()).toEqual([...NAMES].sort());
  });

  it('is in the published schema, which accepts the record', () => {
    const schema = recordSchema() as {
      anyOf: { properties: Record<string, { const?: string }>; required: string[] }[];
    };
    const published = schema.anyOf.find(({ properties }) => properties.kind?.const === 'decision');
    expect(Object.keys(published?.properties ?? {}).sort()).toEqual(['v', ...NAMES].sort());
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    expect(validate({ v: 1, ...FULL }), JSON.stringify(validate.errors)).toBe(true);
    for (const name of published?.required.filter((one) => one !== 'v') ?? []) {
      const { [name as keyof DecisionRecord]: _left, ...rest } = FULL;
      expect(validate({ v: 1, ...rest }), name).toBe(false);
    }
  });

  it.each(NAMES)('%s is in the text, once', (name) => {
    const text = entryText(FULL);
    expect(JSON.parse(text)).toEqual({ v: 1, ...FULL });
    expect(text.split(`"${name}":${JSON.stringify(FULL[name])}`)).toHaveLength(2);
    const { [name]: _left, ...rest } = FULL;
    const isOptional = DECISION_FIELDS[name].schema.safeParse(undefined).success;
    if (isOptional) expect(JSON.parse(entryText(rest as DecisionRecord))).toEqual({ v: 1, ...rest });
  });

  it('says the result first, where the service did not observe', () => {
    const { observed: _left, ...decision } = FULL;
    expect(explain({ decision, outcome: undefined })).toMatch(/^Denied/);
  });

  it.each(NAMES)('%s is in the explanation, unless it says nothing to a person', (name) => {
    const { explain: how } = DECISION_FIELDS[name];
    const text = explain({ decision: FULL, outcome: undefined });
    if (how === 'hidden') expect(text).not.toContain(String(FULL[name]));
    else if (how === 'sentence')
      expect(text.split('\n')[0]).toContain(name === 'result' ? 'Let through' : 'refund_order');
    else {
      const { [name]: _left, ...rest } = FULL;
      // A required field is replaced by an empty one.
      const empty = {
        ...rest,
        ...(Array.isArray(FULL[name]) ? { [name]: [] } : name === 'ledger' ? { ledger: {} } : {}),
      };
      const lines = linesOf(FULL, how.section).filter(
        (line) => !linesOf(empty as DecisionRecord, how.section).includes(line),
      );
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(text).toContain(line);
    }
  });

  it.each(NAMES)('%s is in the OCSF event, where the list says', (name) => {
    const { ocsf } = DECISION_FIELDS[name] as { ocsf?: 'unmapped' | ((value: unknown) => object) };
    const event = ocsfDecision(FULL, { origin: 'writ.internal/x', index: 7 }, '1.8.0') as Record<string, unknown>;
    if (ocsf === 'unmapped') expect((event.unmapped as { writ: object }).writ).toMatchObject({ [name]: FULL[name] });
    else if (ocsf !== undefined) expect(event).toMatchObject(ocsf(FULL[name]));
  });
});

it('a record has what the schema says, and nothing else', () => {
  expect(recordShape.safeParse({ v: 1, ...FULL }).success).toBe(true);
  expect(recordShape.safeParse({ v: 1, ...FULL, more: 1 }).success).toBe(false);
  expect(recordShape.safeParse({ v: 1, ...FULL, revision: 'x' }).success).toBe(false);
});
