import { uidText } from '@writ/cedar/uid';
import type { AccessRequest, MissingFact, Obligation, Observed, Reason, Refusal, Result } from '@writ/sdk/authzen';
import { z } from 'zod';
import type { Origin } from '../ledger/flow/origins.js';
import type { Holding } from '../ledger/holding.js';
import { listed } from '../lib/listed.js';
import { factsAsRead } from './facts-as-read.js';
import { type Explanation, type Field, field, type LinesOf, type PlainOf, type Section, typed } from './field.js';
import {
  assuranceLine,
  factLine,
  heldTexts,
  ledgerLines,
  obligationLines,
  observedLines,
  originLine,
  reasonLines,
} from './field-lines.js';
import { decisionId, entity, fact, holding, json, masked, provenance, time, uid } from './shapes.js';

const why = <T>(lines: LinesOf<T>): Explanation<T> => ({ section: 'why', lines });
const inputs = <T>(lines: LinesOf<T>): Explanation<T> => ({ section: 'inputs', lines });
const decision = <T>(line: (value: T) => string): Explanation<T> => ({
  section: 'decision',
  lines: (value) => [line(value)],
});

const reasonShape = z.strictObject({
  policy: z.string(),
  effect: z.enum(['permit', 'forbid']),
  reason: z.string().optional(),
  identity: uid.describe('The identity of the path that it decided for'),
  resource: uid.optional().describe('The thing that it decided on, if that is one of `parts`'),
  liftedBy: z.enum(['step-up', 'request']).optional(),
});
const refusalShape = z.strictObject({ code: z.string(), message: z.string() });
const missingShape = z.strictObject({
  entity: uid,
  attribute: z.string(),
  source: z.string().optional(),
  asOf: time.optional(),
});

/**
 * The fields of the record of a decision, in the order in which its text and its explanation have them. Each is said here once: the
 * type of a record, the published schema, the text in the log, the explanation and the OCSF event follow. The stage of a decision
 * that knows a field writes it into the draft (decide/record-draft.ts).
 */
export const DECISION_FIELDS = {
  kind: field(z.literal('decision'), { explain: 'hidden' }),
  id: field(decisionId, { explain: decision((id) => `Decision ${id}`) }),
  time: field(time, {
    explain: decision((at) => at),
    ocsf: (at) => ({ time: Date.parse(at) }),
  }),
  result: field(typed<Result>()(z.enum(['allow', 'modify', 'step_up', 'defer', 'deny'])), {
    explain: 'sentence',
    ocsf: 'unmapped',
  }),
  enforcementPoint: field(z.string(), { explain: decision((name) => `asked by ${name}`) }),
  request: field(
    typed<AccessRequest>()(
      z
        .strictObject({
          subject: entity,
          action: z.strictObject({ name: z.string(), properties: json.optional() }),
          resource: entity,
          context: json.optional().describe('`input` has the arguments of the operation'),
        })
        .describe('As it was asked (AuthZEN Authorization API 1.0, section 6), masked by rule'),
    ),
    { explain: 'sentence' },
  ),
  reasons: field(typed<readonly Reason[]>()(z.array(reasonShape).describe('The policies that determined it')), {
    explain: why(reasonLines),
  }),
  facts: field(
    z
      .array(fact)
      .describe('The identities in the order of the path, the resource last; fewer when it did not get so far'),
    {
      explain: inputs((facts, request) => factsAsRead({ facts, request }).map(factLine)),
    },
  ),
  parts: field(
    z
      .array(z.strictObject({ access: z.string(), fact }))
      .optional()
      .describe('Further things that it was decided on, and how each is used: the tables of a statement'),
    {
      explain: inputs((parts) => parts.map(({ access, fact: one }) => `also to ${access}: ${factLine(one)}`)),
    },
  ),
  ledger: field(
    typed<Readonly<Record<string, number | string | readonly string[]>>>()(
      z
        .record(
          z.string(),
          z.union([z.number(), z.string(), z.array(z.string()), masked, z.array(z.union([z.string(), masked]))]),
        )
        .describe('What the task, the agent, the originator had done so far, as policies saw it'),
    ),
    { explain: inputs(ledgerLines), ocsf: 'unmapped' },
  ),
  policyVersion: field(z.string(), { explain: decision((version) => `policy ${version}`) }),
  provenance: field(provenance.optional(), {
    explain: inputs(({ assurance, began }) => [
      assuranceLine(assurance),
      ...(began === undefined ? [] : [`it begins a task, by its ${began.by}`]),
    ]),
  }),
  refusal: field(typed<Refusal>()(refusalShape).optional().describe('A denial that no policy made'), {
    explain: why(({ message }) => [message]),
    ocsf: ({ code }) => ({ status_code: code }),
  }),
  obligations: field(
    typed<readonly Obligation[]>()(
      z.array(z.strictObject({ id: z.string(), type: z.string(), properties: json })),
    ).optional(),
    { explain: why(obligationLines), ocsf: 'unmapped' },
  ),
  missing: field(
    typed<readonly MissingFact[]>()(z.array(missingShape))
      .optional()
      .describe('Why it was deferred: the facts that were missing or too old'),
    {
      explain: why((missing) =>
        missing.map(({ entity: of, attribute, asOf }) =>
          asOf === undefined
            ? `${attribute} of ${uidText(of)} is not known`
            : `${attribute} of ${uidText(of)} is too old: it is as of ${asOf}`,
        ),
      ),
      ocsf: 'unmapped',
    },
  ),
  stale: field(
    z.string().optional().describe('Why it was deferred: revocations, or the policy, might have been out of date'),
    { explain: why((reason) => [`what it needs may be out of date: ${reason}`]) },
  ),
  undescribed: field(
    z.literal(true).optional().describe('The tool is not in tools.yaml, so it counted as one that does anything'),
    {
      explain: why(() => ['the tool is not described in tools.yaml, so it counts as one that does anything']),
      ocsf: 'unmapped',
    },
  ),
  observed: field(
    typed<Observed>()(
      z.strictObject({
        result: z.enum(['step_up', 'defer', 'deny']),
        reasons: z.array(reasonShape),
        refusal: refusalShape.optional(),
        missing: z.array(missingShape).optional(),
      }),
    )
      .optional()
      .describe('What the rules would have decided: the service observed, and let the call through'),
    { explain: why(observedLines), ocsf: 'unmapped' },
  ),
  retryAt: field(
    time.optional().describe('When its limits are over, if nothing more is counted until then: it can be asked again'),
    { explain: why((at) => [`the limit is over at ${at}, if nothing more is counted until then`]), ocsf: 'unmapped' },
  ),
  approvals: field(
    z
      .array(
        z.strictObject({
          id: z.string(),
          request: z.string().describe('The access request that it came of'),
          policies: z.array(z.string()).describe('The policies that it lifts'),
          approvers: z.array(z.string()),
          uses: z.enum(['once', 'task', 'until']),
          approvedAt: time,
          approvedUntil: time,
          reason: z.string(),
          emergency: z.literal(true).optional(),
          consent: z.literal(true).optional().describe('The originator consented to exactly this'),
        }),
      )
      .optional()
      .describe('The approvals that it relied on'),
    {
      explain: why((approvals) =>
        approvals.map(({ policies, approvers, approvedUntil, reason, emergency, consent }) => {
          const who = emergency === true ? 'nobody: it was taken in an emergency' : listed(approvers);
          const how = consent === true ? 'the consent of ' : '';
          return `${policies.join(', ')} would forbid it, and was lifted by ${how}${who}, until ${approvedUntil}: ${reason}`;
        }),
      ),
    },
  ),
  presented: field(
    z
      .strictObject({
        approval: z.string(),
        problem: z.enum(['approval_expired', 'out_of_scope', 'approval_unverifiable']).optional(),
      })
      .optional()
      .describe('The approval that the request came with'),
    {
      explain: why(({ approval, problem }) =>
        problem === undefined ? [] : [`it came with the approval ${approval}, which does not count: ${problem}`],
      ),
    },
  ),
  mandate: field(
    z
      .strictObject({
        kind: z.string(),
        covers: z.boolean(),
        why: z.string().optional(),
        grant: z.number().optional(),
        use: z
          .strictObject({ caps: z.array(z.string()), amounts: z.record(z.string(), z.number()), until: z.number() })
          .optional(),
      })
      .optional()
      .describe('Whether the mandate of the task covered the action, and what a permit took of it'),
    {
      explain: why(({ kind, covers }) =>
        covers ? [`the mandate of the task${kind === '' ? '' : ` (${kind})`} covers it`] : [],
      ),
    },
  ),
  origins: field(
    typed<readonly Origin[]>()(
      z.array(
        z.strictObject({
          argument: z.string(),
          role: z.string(),
          from: z.string(),
          integrity: z.string(),
          labels: z.array(z.string()),
          source: z.looseObject({ decisionId: z.string(), tool: z.string(), at: z.string() }).optional(),
        }),
      ),
    )
      .optional()
      .describe('Where the values of the arguments came from, without the values'),
    { explain: inputs((origins) => origins.map(originLine)) },
  ),
  reserved: field(z.array(holding).optional().describe('What a permit holds until its outcome says otherwise'), {
    explain: inputs((reserved) => {
      const held = heldTexts(reserved as readonly Holding[]);
      return held.length === 0 ? [] : [`counted, until its outcome says otherwise: ${held.join('; ')}`];
    }),
  }),
  ignored: field(z.array(z.string()).optional().describe('Properties that the caller may not assert'), {
    explain: inputs((ignored) => [`not read, because the caller may not assert it: ${ignored.join(', ')}`]),
  }),
  referred: field(z.array(fact).optional().describe('Entities that policies can reach from those of the request'), {
    explain: inputs((referred) => referred.map((one) => `${factLine(one)}, reached from those above`)),
  }),
  seen: field(json.optional().describe('What else policies saw of the path, the tool and the origins'), {
    // The lines of origins say more than what policies saw of them.
    explain: inputs(({ origins: _origins, ...seen }) =>
      Object.entries(seen).map(([name, value]) => `context.${name}: ${JSON.stringify(value)}`),
    ),
  }),
  supported: field(z.array(z.string()).optional().describe('Obligations that the enforcement point can carry out'), {
    explain: inputs((types) => [`obligations that the enforcement point can carry out: ${types.join(', ')}`]),
  }),
  revision: field(z.number().optional().describe('The revision of the registry'), {
    explain: decision((revision) => `registry revision ${revision}`),
  }),
  took: field(z.int().optional().describe('Microseconds that it took to decide, without recording it'), {
    explain: decision((us) => `decided in ${us} µs`),
    ocsf: (us) => ({ duration: Math.round(us / 1_000) }),
  }),
  trace: field(
    z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional()
      .describe('W3C trace-id'),
    { explain: decision((trace) => `trace ${trace}`), ocsf: (trace) => ({ trace: { uid: trace } }) },
  ),
  resolves: field(decisionId.optional().describe('The deferred or waiting decision that this one resolves'), {
    explain: decision((id) => `resolves ${id}`),
    ocsf: 'unmapped',
  }),
  binding: field(
    z
      .string()
      .optional()
      .describe('Of what can be asked for: the keyed hash of what was asked, which an approval is for'),
    { explain: 'hidden' },
  ),
};

type Schemas = { readonly [K in keyof typeof DECISION_FIELDS]: (typeof DECISION_FIELDS)[K]['schema'] };

/** One decision with everything that it read, so that it can be explained and made again. */
export interface DecisionRecord extends PlainOf<z.ZodObject<Schemas>> {}

/** The fields, for what treats all of them alike. */
const FIELDS = Object.entries(DECISION_FIELDS) as unknown as readonly (readonly [keyof DecisionRecord, Field])[];

/** Returns the schemas of the fields, by name. */
export function decisionSchemas(): Schemas {
  return Object.fromEntries(FIELDS.map(([name, { schema }]) => [name, schema])) as unknown as Schemas;
}

/** Returns the lines of one section of the explanation of a record. */
export function linesOf(record: DecisionRecord, section: Section): string[] {
  return FIELDS.flatMap(([name, { explain }]) => {
    const value = record[name];
    return value === undefined || typeof explain === 'string' || explain.section !== section
      ? []
      : explain.lines(value, record.request);
  });
}

/** Returns what the fields of a record are in OCSF: attributes of the event, and members of `unmapped.writ`. */
export function ocsfOf(record: DecisionRecord): {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly unmapped: Readonly<Record<string, unknown>>;
} {
  const attributes: Record<string, unknown> = {};
  const unmapped: Record<string, unknown> = {};
  for (const [name, { ocsf }] of FIELDS) {
    const value = record[name];
    if (value === undefined || ocsf === undefined) continue;
    if (ocsf === 'unmapped') unmapped[name] = value;
    else Object.assign(attributes, ocsf(value));
  }
  return { attributes, unmapped };
}
