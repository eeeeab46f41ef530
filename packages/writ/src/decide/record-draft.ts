import { type Amount, type Holding, plainAmount } from '../ledger/holding.js';
import type { LedgerValues } from '../ledger/ledger.js';
import type { Origin } from '../ledger/origins.js';
import type { Provenance } from '../provenance/path.js';
import type { Caller } from './caller.js';
import { type Decision, isPermitted } from './decision.js';
import type { Coverage } from './mandates.js';
import type { DecisionRecord, FactRecord, RecordedApproval } from './record.js';
import type { AccessRequest } from './request.js';

/** What one decision read on its way, as far as it came. */
export interface Trail {
  provenance?: Provenance;
  ledger: LedgerValues;
  facts: readonly FactRecord[];
  ignored?: readonly string[];
  mandate?: Coverage;
  reserved?: readonly Holding[];
  origins?: readonly Origin[];
  revision?: number | undefined;
  referred?: readonly FactRecord[] | undefined;
  seen?: Readonly<Record<string, unknown>>;
  supported?: readonly string[];
  trace?: string | undefined;
  binding?: string;
  approvals?: readonly RecordedApproval[];
  presented?: DecisionRecord['presented'];
}

const NO_LEDGER: LedgerValues = {};
const NO_FACTS: readonly FactRecord[] = [];

export function newTrail(): Trail {
  return { ledger: NO_LEDGER, facts: NO_FACTS, revision: undefined };
}

/** The record of a decision, with everything that was read on the way. */
export function recordOf(
  decision: Decision,
  request: AccessRequest,
  caller: Caller,
  now: Date,
  trail: Trail,
): Mutable<DecisionRecord> {
  const { provenance, facts, ignored } = trail;
  const { id, result, reasons, refusal, obligations, missing, policyVersion } = decision;
  const record: Mutable<DecisionRecord> = {
    kind: 'decision',
    id,
    time: now.toISOString(),
    result,
    enforcementPoint: caller.enforcementPoint,
    request: withoutPrompt(request),
    reasons,
    facts,
    ledger: plainValues(trail.ledger),
    policyVersion,
  };
  if (refusal !== undefined) record.refusal = refusal;
  if (obligations !== undefined) record.obligations = obligations;
  if (missing !== undefined) record.missing = missing;
  if (provenance !== undefined) record.provenance = plainProvenance(provenance);
  if (trail.mandate !== undefined) record.mandate = recordedCoverage(trail.mandate, isPermitted(decision));
  if (trail.origins !== undefined) record.origins = trail.origins;
  if (trail.reserved !== undefined) record.reserved = trail.reserved;
  if (ignored !== undefined) record.ignored = ignored;
  if (trail.revision !== undefined && trail.revision > 0) record.revision = trail.revision;
  if (trail.referred !== undefined && trail.referred.length > 0) record.referred = trail.referred;
  if (trail.seen !== undefined) record.seen = trail.seen;
  if (trail.supported !== undefined) record.supported = trail.supported;
  if (trail.trace !== undefined) record.trace = trail.trace;
  if (trail.binding !== undefined) record.binding = trail.binding;
  if (trail.approvals !== undefined) record.approvals = trail.approvals;
  if (trail.presented !== undefined) record.presented = trail.presented;
  return record;
}

/** What the user said is not kept: it can be anything. */
function withoutPrompt(request: AccessRequest): AccessRequest {
  if (request.context?.prompt === undefined) return request;
  const { prompt: _prompt, ...context } = request.context;
  return { ...request, context };
}

/** The mandate of a token goes on the record once, when it is issued. */
export function plainProvenance(provenance: Provenance): NonNullable<DecisionRecord['provenance']> {
  if (provenance.mandate === undefined && provenance.usedProof === undefined) return provenance;
  const { mandate: _mandate, usedProof: _proof, ...plain } = provenance;
  return plain;
}

function recordedCoverage(
  { kind, covers, why, grant, use }: Coverage,
  isTaken: boolean,
): NonNullable<DecisionRecord['mandate']> {
  return {
    kind,
    covers,
    ...(why === undefined ? {} : { why }),
    ...(grant === undefined ? {} : { grant }),
    ...(use === undefined || !isTaken ? {} : { use }),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NO_VALUES: DecisionRecord['ledger'] = {};

function plainValues(ledger: LedgerValues): DecisionRecord['ledger'] {
  if (ledger === NO_LEDGER) return NO_VALUES;
  const plain: Record<string, Amount> = {};
  for (const name of Object.keys(ledger)) plain[name] = plainAmount(ledger[name] as LedgerValues[string]);
  return plain;
}
