import type { AccessRequest, Verdict } from '@writ/sdk/authzen';
import { type Amount, plainAmount } from '../ledger/accumulators/amounts.js';
import type { LedgerValues } from '../ledger/ledger.js';
import type { DecisionId } from '../lib/ids.js';
import type { Provenance } from '../provenance/path.js';
import type { Caller } from './caller.js';
import type { Coverage } from './mandates.js';
import type { DecisionRecord } from './record.js';

/** The record of a decision that is being made. Each stage writes what it read. */
export type RecordDraft = { -readonly [K in keyof DecisionRecord]: DecisionRecord[K] };

const NO_REASONS: DecisionRecord['reasons'] = [];
const NO_FACTS: DecisionRecord['facts'] = [];
const NO_VALUES: DecisionRecord['ledger'] = {};

/** Begins the record of a decision: a denial until {@link conclude} writes the verdict. */
export function beginRecord(
  id: DecisionId,
  request: AccessRequest,
  caller: Caller,
  now: Date,
  policyVersion: string,
): RecordDraft {
  return {
    kind: 'decision',
    id,
    time: now.toISOString(),
    result: 'deny',
    enforcementPoint: caller.enforcementPoint,
    request: withoutPrompt(request),
    reasons: NO_REASONS,
    facts: NO_FACTS,
    ledger: NO_VALUES,
    policyVersion,
  };
}

/** Writes the verdict into a draft, which is the record from then on. */
export function conclude(
  draft: RecordDraft,
  { result, reasons, refusal, obligations, missing, stale, undescribed, observed }: Verdict,
): void {
  draft.result = result;
  draft.reasons = reasons;
  if (refusal !== undefined) draft.refusal = refusal;
  if (obligations !== undefined) draft.obligations = obligations;
  if (missing !== undefined) draft.missing = missing;
  if (stale !== undefined) draft.stale = stale;
  if (undescribed !== undefined) draft.undescribed = undescribed;
  if (observed !== undefined) draft.observed = observed;
}

/** Drops the prompt, which can hold anything. */
function withoutPrompt(request: AccessRequest): AccessRequest {
  if (request.context?.prompt === undefined) return request;
  const { prompt: _prompt, ...context } = request.context;
  return { ...request, context };
}

/** Returns a provenance as it is recorded. The mandate and the details of a token are recorded once, when the token is issued. */
export function plainProvenance(provenance: Provenance): NonNullable<DecisionRecord['provenance']> {
  const { mandate, usedProof, details } = provenance;
  if (mandate === undefined && usedProof === undefined && details === undefined) return provenance;
  const { mandate: _mandate, usedProof: _proof, details: _details, ...plain } = provenance;
  return plain;
}

/** Returns the coverage by a mandate as it is recorded. A permit adds what it takes of the caps. */
export function plainCoverage({ kind, covers, why, grant }: Coverage): NonNullable<DecisionRecord['mandate']> {
  return { kind, covers, ...(why === undefined ? {} : { why }), ...(grant === undefined ? {} : { grant }) };
}

/** Returns values of the ledger as JSON. */
export function plainValues(ledger: LedgerValues): DecisionRecord['ledger'] {
  // hot: a copy has the shape of the original.
  const plain = { ...ledger } as Record<string, Amount>;
  for (const name of Object.keys(ledger)) plain[name] = plainAmount(ledger[name] as LedgerValues[string]);
  return plain;
}
