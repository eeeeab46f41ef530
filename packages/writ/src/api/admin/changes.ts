import type { LogWriter } from '../../audit/log/log-writer.js';
import type { Decider } from '../../decide/decide.js';
import type { ChangeRecord, Removal, UsedProof } from '../../decide/record.js';
import type { Author } from '../../registry/revision-log.js';
import type { AuthenticatedCaller } from '../http/callers.js';

/** The parts that record a change. */
export interface ChangeParts {
  readonly decider: () => Decider;
  readonly log: LogWriter;
  readonly clock: () => Date;
}

/** As much of them as recording needs. */
export interface RecordingParts {
  readonly decider: () => Pick<Decider, 'nextId'>;
  readonly log: Pick<LogWriter, 'append'>;
  readonly clock: () => Date;
}

/** Returns who changes something, and when. */
export function authorOf(
  { clock }: Pick<ChangeParts, 'clock'>,
  caller: Pick<AuthenticatedCaller, 'enforcementPoint'>,
): Author {
  return { by: caller.enforcementPoint, now: clock() };
}

/** Records a change of the data that decisions are made from. */
export function recordChange(
  parts: RecordingParts,
  caller: Pick<AuthenticatedCaller, 'enforcementPoint'>,
  what: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  return record(parts, caller, { what, detail }, []);
}

/** Records a change with the proofs that it used, so that none is accepted again, also after a restart. */
export function recordProvedChange(
  parts: ChangeParts,
  caller: Pick<AuthenticatedCaller, 'enforcementPoint'>,
  what: string,
  detail: Readonly<Record<string, unknown>>,
  proofs: readonly UsedProof[],
): Promise<void> {
  return record(parts, caller, { what, detail }, proofs);
}

/** Records a change with the labels that it removed, so that they stay removed after a restart. */
export function recordRemoval(
  parts: ChangeParts,
  caller: Pick<AuthenticatedCaller, 'enforcementPoint'>,
  what: string,
  detail: Readonly<Record<string, unknown>>,
  removed: readonly Removal[],
): Promise<void> {
  return record(parts, caller, { what, detail, removed }, []);
}

async function record(
  { decider, log, clock }: RecordingParts,
  { enforcementPoint: by }: Pick<AuthenticatedCaller, 'enforcementPoint'>,
  change: Pick<ChangeRecord, 'what' | 'detail' | 'removed'>,
  proofs: readonly UsedProof[],
): Promise<void> {
  const now = clock();
  await log.append([{ kind: 'change', id: decider().nextId(now), time: now.toISOString(), by, ...change }], proofs);
}
