import { z } from 'zod';
import { RECORD_VERSION } from './entry-text.js';

/**
 * The form of what is in the log: one JSON object an entry. docs/record.schema.json is made from it. A part is added without a new
 * version; a part that is taken out, or means something else, is a new version.
 */

const uid = z.strictObject({ type: z.string(), id: z.string() });
const ulid = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  .describe('A ULID; ids ascend through the log');
const time = z.iso.datetime().describe('RFC 3339, UTC');
const json = z.record(z.string(), z.unknown());
const entity = z.strictObject({ type: z.string(), id: z.string(), properties: json.optional() });

/** What stands in the place of a value that was masked. */
const masked = z
  .strictObject({ masked: z.string().regex(/^(dropped|hmac-sha256:[\w-]{43})$/) })
  .describe('A value that was masked: `dropped`, or a keyed hash that is the same for the same value');

const holding = z
  .strictObject({
    accumulator: z.string(),
    fold: z.string(),
    key: z.string(),
    amount: z.union([z.array(z.string()), z.number(), z.string()]),
    until: z.number().optional().describe('When its window takes it out, in milliseconds since the epoch'),
  })
  .describe('What is held of an accumulator');

const fact = z
  .strictObject({
    uid,
    attributes: json.describe("Those that the registry held, in Cedar's JSON"),
    ancestors: z.array(uid).describe('Roles and groups that it was in'),
    tags: json.optional(),
    ages: z
      .record(z.string(), z.strictObject({ source: z.string(), asOf: time }))
      .optional()
      .describe('Where attributes that have an age come from, and when they were true'),
    withheld: z.array(z.string()).optional().describe('Attributes that were not to be relied on'),
    granted: z
      .array(z.strictObject({ grant: z.string(), in: uid }))
      .optional()
      .describe('What it was in for some time'),
    asserted: z
      .array(z.string())
      .optional()
      .describe('Attributes that the caller asserted; the request has their values'),
  })
  .describe('An entity as the decision saw it');

const provenance = z
  .strictObject({
    path: z
      .array(uid)
      .min(1)
      .describe('The delegation path: the originator (human principal or service) first, the present actor last'),
    assurance: z.int().min(0).max(4),
    txn: z.string().optional().describe('The transaction that it is part of'),
    scope: z.array(z.string()).optional().describe('What the token permits'),
    promptHash: z.string().optional(),
    session: z.string().optional(),
    tokens: z.array(z.string()).optional().describe('The ids of the tokens that it was proved by'),
    provedAt: z.number().optional().describe('When the originator proved who it is, in milliseconds since the epoch'),
  })
  .describe('Who asks, for whom, through whom');

const origin = z.strictObject({
  argument: z.string(),
  role: z.string(),
  from: z.string(),
  integrity: z.string(),
  labels: z.array(z.string()),
  source: z.looseObject({ decisionId: z.string(), tool: z.string(), at: z.string() }).optional(),
});

export const base = {
  v: z.literal(RECORD_VERSION).describe('The version of this form'),
  id: ulid,
  time,
  enforcementPoint: z.string(),
};

const decision = z
  .strictObject({
    ...base,
    kind: z.literal('decision'),
    result: z.enum(['allow', 'modify', 'step_up', 'defer', 'deny']),
    request: z
      .strictObject({
        subject: entity,
        action: z.strictObject({ name: z.string(), properties: json.optional() }),
        resource: entity,
        context: json.optional().describe('`input` has the arguments of the operation'),
      })
      .describe('As it was asked (AuthZEN Authorization API 1.0, section 6), masked by rule'),
    reasons: z
      .array(
        z.strictObject({
          policy: z.string(),
          effect: z.enum(['permit', 'forbid']),
          reason: z.string().optional(),
          identity: uid.describe('The identity of the path that it decided for'),
          liftedBy: z.enum(['step-up', 'request']).optional(),
        }),
      )
      .describe('The policies that determined it'),
    facts: z
      .array(fact)
      .describe('The identities in the order of the path, the resource last; fewer when it did not get so far'),
    ledger: z
      .record(
        z.string(),
        z.union([z.number(), z.string(), z.array(z.string()), masked, z.array(z.union([z.string(), masked]))]),
      )
      .describe('What the task, the agent, the originator had done so far, as policies saw it'),
    policyVersion: z.string(),
    provenance: provenance.optional(),
    mandate: z
      .strictObject({
        kind: z.string(),
        covers: z.boolean(),
        why: z.string().optional(),
        grant: z.number().optional(),
        use: z
          .strictObject({ caps: z.array(z.string()), amounts: z.record(z.string(), z.number()), until: z.number() })
          .optional(),
      })
      .optional(),
    origins: z.array(origin).optional().describe('Where the values of the arguments came from, without the values'),
    reserved: z.array(holding).optional().describe('What a permit holds until its outcome says otherwise'),
    refusal: z
      .strictObject({ code: z.string(), message: z.string() })
      .optional()
      .describe('A denial that no policy made'),
    obligations: z.array(z.strictObject({ id: z.string(), type: z.string(), properties: json })).optional(),
    missing: z
      .array(
        z.strictObject({ entity: uid, attribute: z.string(), source: z.string().optional(), asOf: time.optional() }),
      )
      .optional()
      .describe('Why it was deferred: the facts that were missing or too old'),
    stale: z
      .string()
      .optional()
      .describe('Why it was deferred: revocations, or the policy, might have been out of date'),
    ignored: z.array(z.string()).optional().describe('Properties that the caller may not assert'),
    revision: z.number().optional().describe('The revision of the registry'),
    referred: z.array(fact).optional().describe('Entities that policies can come to from those of the request'),
    seen: json.optional().describe('What policies saw of the path, the tool and the origins besides'),
    supported: z.array(z.string()).optional().describe('Obligations that the enforcement point can carry out'),
    trace: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional()
      .describe('W3C trace-id'),
    took: z.int().optional().describe('Microseconds that it took to decide, without recording it'),
    binding: z
      .string()
      .optional()
      .describe('Of what can be asked for: the keyed hash of what was asked, which an approval is for'),
    approvals: z
      .array(
        z.strictObject({
          id: z.string(),
          request: z.string().describe('The access request that it came of'),
          policies: z.array(z.string()).describe('Those that it lifts'),
          approvers: z.array(z.string()),
          uses: z.enum(['once', 'task', 'until']),
          approvedAt: time,
          approvedUntil: time,
          reason: z.string(),
          emergency: z.literal(true).optional(),
        }),
      )
      .optional()
      .describe('What was approved of it, by whom'),
    presented: z
      .strictObject({
        approval: z.string(),
        problem: z.enum(['approval_expired', 'out_of_scope', 'approval_unverifiable']).optional(),
      })
      .optional()
      .describe('The approval that the request came with'),
    resolves: ulid.optional().describe('The deferred or waiting decision that this one resolves'),
  })
  .describe('A decision with everything that it read');

const outcome = z
  .strictObject({
    ...base,
    kind: z.literal('outcome'),
    decisionId: z.string(),
    status: z.enum(['completed', 'failed', 'not-executed', 'unknown']),
    labels: z.array(z.string()).optional(),
    held: z.array(holding).optional(),
    error: z.string().optional().describe('With what it failed, in its first words'),
    changes: z
      .array(
        z.strictObject({
          obligation: z.string(),
          type: z.string(),
          on: z.enum(['input', 'result']),
          before: z.string().describe('A keyed hash of the whole as it was'),
          after: z.string().describe('And as it became'),
        }),
      )
      .optional()
      .describe('What the enforcement point changed because the permit asked for it'),
  })
  .describe('What became of a permitted action');

const search = z
  .strictObject({
    ...base,
    kind: z.literal('search'),
    what: z.enum(['subject', 'resource', 'action']),
    request: z.unknown(),
    provenance: provenance.optional(),
    results: z.array(z.string()),
    policyVersion: z.string(),
  })
  .describe('A search, with what it gave out');

const change = z
  .strictObject({
    v: base.v,
    id: ulid,
    time,
    kind: z.literal('change'),
    by: z.string(),
    what: z.string(),
    detail: json,
    removed: z
      .array(z.strictObject({ accumulator: z.string(), key: z.string(), values: z.array(z.string()) }))
      .optional(),
  })
  .describe('A change of what decisions are made from: policy, facts, revocations, grants, keys');

/** An entry as a reader of the record receives it. */
export const recordShape = z.union([decision, outcome, search, change]);
