import type { OutcomeStatus } from '@writ/sdk/authzen';
import { z } from 'zod';
import type { DecisionId } from '../lib/ids.js';
import { type DecisionRecord, decisionSchemas } from './decision-fields.js';
import { type PlainOf, typed } from './field.js';
import { holding, json, provenance, time, ulid, version } from './shapes.js';

/** The entries of the log, a kind each. */

const decision = z
  .strictObject({ v: version, ...decisionSchemas() })
  .describe('A decision with everything that it read');

const outcomeFields = {
  kind: z.literal('outcome'),
  id: ulid,
  time,
  enforcementPoint: z.string(),
  decisionId: typed<DecisionId>()(z.string()),
  status: typed<OutcomeStatus>()(z.enum(['completed', 'failed', 'not-executed', 'unknown'])),
  labels: z.array(z.string()).optional().describe('The labels that its result brought, if that was reported'),
  held: z
    .array(holding)
    .optional()
    .describe('What the action holds of the accumulators from now on, instead of what it reserved'),
  late: z
    .literal(true)
    .optional()
    .describe(
      'It was reported past the deadline: it gives nothing back, and `held` is in addition to what was reserved',
    ),
  error: z.string().optional().describe('The first words of the error that it failed with'),
  bytes: z
    .strictObject({ sent: z.int().min(0), received: z.int().min(0) })
    .optional()
    .describe('The bytes that a tunnel passed on, to its host and from it'),
  changes: z
    .array(
      z.strictObject({
        obligation: z.string(),
        type: z.string(),
        on: z.enum(['input', 'result']),
        before: z.string().describe('A keyed hash of the whole as it was'),
        after: z.string().describe('A keyed hash of the whole as it became'),
      }),
    )
    .optional()
    .describe('What the enforcement point changed because the permit asked for it'),
};
const outcome = z.strictObject({ v: version, ...outcomeFields }).describe('What became of a permitted action');

/** The outcome of a permitted action. */
export interface OutcomeRecord extends PlainOf<z.ZodObject<typeof outcomeFields>> {}

const searchFields = {
  kind: z.literal('search'),
  id: ulid,
  time,
  enforcementPoint: z.string(),
  what: z.enum(['subject', 'resource', 'action']),
  request: z.unknown(),
  provenance: provenance.optional(),
  results: z.array(z.string()).describe('The ids that one page of it gave out'),
  policyVersion: z.string(),
};
const search = z.strictObject({ v: version, ...searchFields }).describe('A search, with what it gave out');

/** A search (AuthZEN Authorization API 1.0, section 8), with what it found. */
export interface SearchRecord extends PlainOf<z.ZodObject<typeof searchFields>> {}

const changeFields = {
  kind: z.literal('change'),
  id: ulid,
  time,
  by: z.string().describe('Who made it: a caller of the admin API, or `writ` itself'),
  what: z.string(),
  detail: json,
  removed: z
    .array(z.strictObject({ accumulator: z.string(), key: z.string(), values: z.array(z.string()) }))
    .optional()
    .describe('The values that it takes out of accumulators'),
};
const change = z
  .strictObject({ v: version, ...changeFields })
  .describe('A change of what decisions are made from: policy, facts, revocations, grants, keys');

/** A change of what decisions are made from: policy, facts, revocations. */
export interface ChangeRecord extends PlainOf<z.ZodObject<typeof changeFields>> {}

export type LogEntry = DecisionRecord | OutcomeRecord | SearchRecord | ChangeRecord;

/** An entry as readers of the record get it. */
export const recordShape = z.union([decision, outcome, search, change]);
