import type { LogWriter } from '../../audit/log/log-writer.js';
import type { Decider } from '../../decide/decide.js';
import type { Removal, UsedProof } from '../../decide/record.js';
import type { Author } from '../../registry/revision-log.js';
import type { AuthenticatedCaller } from '../http/callers.js';

/** The parts that record a change. */
export interface ChangeParts {
  readonly decider: () => Decider;
  readonly log: LogWriter;
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
export async function recordChange(
  { decider, log, clock }: ChangeParts,
  caller: Pick<AuthenticatedCaller, 'enforcementPoint'>,
  what: string,
  detail: Readonly<Record<string, unknown>>,
  proofs: readonly UsedProof[] = [],
  removed?: readonly Removal[],
): Promise<void> {
  const now = clock();
  const id = decider().nextId(now);
  await log.append(
    [
      {
        kind: 'change',
        id,
        time: now.toISOString(),
        by: caller.enforcementPoint,
        what,
        detail,
        ...(removed === undefined ? {} : { removed }),
      },
    ],
    proofs,
  );
}
