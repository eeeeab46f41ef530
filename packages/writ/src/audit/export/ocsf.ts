import { createHash } from 'node:crypto';
import { type EntityUid, uidText } from '@writ/cedar';
import canonicalize from 'canonicalize';
import type { DecisionRecord, OutcomeRecord } from '../../decide/record.js';
import { ocsfOf } from '../../record/decision-fields.js';
import { identitiesOf } from '../../record/decision-parts.js';

/** The supported releases of OCSF. Agents and attestations are in the second. */
const OCSF_VERSIONS = ['1.8.0', '1.9.0-dev'] as const;
export type OcsfVersion = (typeof OCSF_VERSIONS)[number];

/** The place of an entry in the log. */
interface Place {
  readonly origin: string;
  readonly index: number;
}

const CLASS = 6003;
const ACTIVITIES = { create: 1, read: 2, update: 3, delete: 4, other: 99 } as const;
const ACTIVITY_NAMES: Readonly<Record<number, string>> = {
  1: 'Create',
  2: 'Read',
  3: 'Update',
  4: 'Delete',
  99: 'Other',
};

/** The attributes of a result (profile security_control). */
const OUTCOME: Readonly<
  Record<
    DecisionRecord['result'],
    {
      readonly action: string;
      readonly actionId: number;
      readonly disposition: string;
      readonly dispositionId: number;
      readonly severity: number;
    }
  >
> = {
  allow: { action: 'Allowed', actionId: 1, disposition: 'Allowed', dispositionId: 1, severity: 1 },
  modify: { action: 'Allowed', actionId: 1, disposition: 'Corrected', dispositionId: 11, severity: 1 },
  step_up: { action: 'Denied', actionId: 2, disposition: 'Challenge', dispositionId: 23, severity: 2 },
  defer: { action: 'Denied', actionId: 2, disposition: 'Delayed', dispositionId: 14, severity: 2 },
  deny: { action: 'Denied', actionId: 2, disposition: 'Blocked', dispositionId: 2, severity: 2 },
};
const SEVERITIES: Readonly<Record<number, string>> = { 1: 'Informational', 2: 'Low' };

/**
 * Returns a decision as an event of OCSF's class API Activity (6003) with the profiles security_control and trace; in 1.9.0-dev with
 * ai_operation and record_integrity as well.
 */
export function ocsfDecision(record: DecisionRecord, place: Place, version: OcsfVersion): Record<string, unknown> {
  const { id, result, request, provenance, reasons, refusal, policyVersion, enforcementPoint } = record;
  const { attributes, unmapped } = ocsfOf(record);
  const { action, actionId, disposition, dispositionId, severity } = OUTCOME[result];
  const activity = activityOf(request.action.name);
  const { path, originator, actor } = identitiesOf(record);
  const policies = [...new Map(reasons.map((reason) => [reason.policy, reason])).values()];
  const session = provenance?.session ?? request.context?.session;
  const why = [
    ...policies.map(({ policy, reason }) => reason ?? policy),
    ...(refusal === undefined ? [] : [refusal.message]),
  ];
  const upstream = request.context?.upstream as { server?: string; tool?: string } | undefined;
  const event: Record<string, unknown> = {
    class_uid: CLASS,
    class_name: 'API Activity',
    category_uid: 6,
    category_name: 'Application Activity',
    activity_id: activity,
    activity_name: activity === ACTIVITIES.other ? request.action.name : ACTIVITY_NAMES[activity],
    type_uid: CLASS * 100 + activity,
    type_name: `API Activity: ${ACTIVITY_NAMES[activity]}`,
    severity_id: severity,
    severity: SEVERITIES[severity],
    ...attributes,
    status_id: actionId === 1 ? 1 : 2,
    status: actionId === 1 ? 'Success' : 'Failure',
    ...(why.length === 0 ? {} : { message: why.join('; '), status_detail: why.join('; ') }),
    action_id: actionId,
    action,
    disposition_id: dispositionId,
    disposition,
    ...(policies[0] === undefined
      ? {}
      : {
          policy: {
            uid: policies[0].policy,
            name: policies[0].policy,
            version: policyVersion,
            ...(policies[0].reason === undefined ? {} : { desc: policies[0].reason }),
          },
        }),
    metadata: metadataOf(id, place, version, provenance?.txn ?? taskIn(request)),
    actor: {
      user: { uid: uidText(originator), name: originator.id, type: originator.type, type_id: 99 },
      app_uid: uidText(actor),
      app_name: actor.id,
      invoked_by: enforcementPoint,
      ...(typeof session === 'string' ? { session: { uid: session } } : {}),
      authorizations: policies.map(({ policy, effect }) => ({
        decision: effect === 'permit' ? 'allow' : 'deny',
        policy: { uid: policy, name: policy, version: policyVersion, is_applied: true },
      })),
    },
    api: {
      operation: request.action.name,
      request: { uid: id },
      ...(upstream?.server === undefined ? {} : { service: { name: upstream.server } }),
    },
    src_endpoint: { name: enforcementPoint, svc_name: enforcementPoint },
    resources: resourcesOf(record),
    unmapped: {
      writ: {
        ...unmapped,
        path: path.map(uidText),
        assurance: provenance?.assurance,
        input: request.context?.input,
      },
    },
  };
  return version === '1.8.0' ? event : attested({ ...event, ...agentIn(path, provenance?.session) }, place);
}

/** Returns the resource, and the tables of the statement. */
function resourcesOf({ request: { resource }, parts = [] }: DecisionRecord): Record<string, string>[] {
  const all = new Map([resource, ...parts.map(({ fact }) => fact.uid)].map((uid) => [uidText(uid), uid]));
  return [...all].map(([uid, { id, type }]) => ({ uid, name: id, type }));
}

/** Returns the outcome of an action as an event of the same class, which names the decision as its original event. */
export function ocsfOutcome(outcome: OutcomeRecord, place: Place, version: OcsfVersion): Record<string, unknown> {
  const { id, decisionId, time, status, enforcementPoint, labels } = outcome;
  const isDone = status === 'completed';
  const event = {
    class_uid: CLASS,
    class_name: 'API Activity',
    category_uid: 6,
    category_name: 'Application Activity',
    activity_id: ACTIVITIES.other,
    activity_name: 'Outcome',
    type_uid: CLASS * 100 + ACTIVITIES.other,
    type_name: 'API Activity: Other',
    severity_id: 1,
    severity: SEVERITIES[1],
    time: Date.parse(time),
    status_id: isDone ? 1 : status === 'unknown' ? 0 : 2,
    status: isDone ? 'Success' : status === 'unknown' ? 'Unknown' : 'Failure',
    status_code: status,
    metadata: { ...metadataOf(id, place, version, undefined), original_event_uid: decisionId },
    actor: { invoked_by: enforcementPoint },
    api: { operation: 'outcome', request: { uid: decisionId } },
    src_endpoint: { name: enforcementPoint, svc_name: enforcementPoint },
    unmapped: { writ: { decisionId, status, labels } },
  };
  return version === '1.8.0' ? event : attested(event, place);
}

function metadataOf(
  id: string,
  { origin, index }: Place,
  version: OcsfVersion,
  correlation: string | undefined,
): object {
  const profiles = ['security_control', 'trace'];
  return {
    uid: id,
    version,
    product: { name: 'Writ', vendor_name: 'Writ' },
    profiles: version === '1.8.0' ? profiles : [...profiles, 'ai_operation', 'record_integrity'],
    log_name: origin,
    log_provider: 'Writ',
    sequence: index,
    ...(correlation === undefined ? {} : { correlation_uid: correlation }),
  };
}

function taskIn({ context }: DecisionRecord['request']): string | undefined {
  return typeof context?.task === 'string' ? context.task : undefined;
}

/** Returns the agent at work, if the originator is somebody else. */
function agentIn(path: readonly EntityUid[], session: string | undefined): object {
  const agent = path[path.length - 1] as EntityUid;
  if (path.length === 1) return {};
  return {
    ai_agent: { uid: uidText(agent), name: agent.id, ...(session === undefined ? {} : { instance_uid: session }) },
  };
}

/** Returns an event with a fingerprint of its canonical serialization (RFC 8785), bound to the log of the record. */
function attested(event: Record<string, unknown>, { origin, index }: Place): Record<string, unknown> {
  const attestation = { uid: String(index), authority_uid: origin, chain_uid: origin };
  const text = canonicalize(withoutUndefined({ ...event, attestation_list: [attestation] })) ?? '';
  const value = createHash('sha256').update(text).digest('hex');
  return {
    ...event,
    attestation_list: [{ ...attestation, fingerprint: { algorithm_id: 3, algorithm: 'SHA-256', value } }],
  };
}

function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const VERBS: readonly (readonly [RegExp, number])[] = [
  [/^(create|add|insert|new|post|send|push|upload|open)([_A-Z.-]|$)/, ACTIVITIES.create],
  [/^(read|get|list|look|view|search|find|fetch|query|show|describe|download|select)([_A-Z.-]|$)/, ACTIVITIES.read],
  [
    /^(update|set|edit|change|modify|patch|put|write|move|rename|merge|refund|pay|transfer)([_A-Z.-]|$)/,
    ACTIVITIES.update,
  ],
  [/^(delete|remove|drop|destroy|purge|erase|cancel|close)([_A-Z.-]|$)/, ACTIVITIES.delete],
];

/** Returns the kind of activity, by the name of the action. */
function activityOf(action: string): number {
  return VERBS.find(([verb]) => verb.test(action))?.[1] ?? ACTIVITIES.other;
}
