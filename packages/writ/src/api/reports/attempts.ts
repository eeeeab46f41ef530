import { handedInShape } from '@writ/enforce/attempts';
import { z } from 'zod';
import type { BatchesOnce } from '../../decide/batches-once.js';
import { type ChangeParts, recordProvedChange } from '../admin/changes.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

export interface AttemptsParts extends ChangeParts {
  readonly batches: BatchesOnce;
}

/** `POST /v1/attempts`: an enforcement point hands in what it refused without a decision, while the service was not reachable. */
export function attemptsRoute(parts: AttemptsParts): Route {
  return route({
    method: 'POST',
    url: '/v1/attempts',
    operationId: 'reportAttempts',
    tag: 'Outcomes',
    summary: 'Hand in what was refused without a decision, added up',
    access: { kind: 'caller' },
    body: handedInShape.extend({
      /** A ULID that the caller made. One that it hands in again within a week counts once. */
      batch: z.ulid().optional(),
    }),
    answers: {
      204: { description: 'It is on the record' },
      429: { description: 'The caller handed in too many batches within a week: add more attempts up in one' },
    },
    async handle({ body, caller, reply }) {
      const { enforcementPoint: by } = caller;
      if (!caller.mayReport()) throw new Problem(403, `${by} may not report attempts`);
      const { batch, others } = body;
      const attempts = body.attempts.map((one) => ({ at: 'enforcement-point', ...one }));
      const detail = { ...(batch === undefined ? {} : { batch }), attempts, others };
      const isTaken = await parts.batches.once(by, batch, (proofs) =>
        recordProvedChange(parts, caller, 'attempts.refused', detail, proofs),
      );
      if (!isTaken) throw new Problem(429, 'too many batches: add more attempts up in one', {}, RETRY_S);
      reply.code(204);
    },
  });
}

const RETRY_S = 3_600;
