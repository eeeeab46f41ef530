import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision } from '../authzen/decision.js';
import type { ApprovalDesk, RequestReference } from '../authzen/desk.js';
import type { AccessRequest } from '../authzen/request.js';
import { DecisionPointError } from './errors.js';
import type { ServiceAnswer, ServiceClient } from './service-client.js';

const POLL_MS = 2_000;

/** The request that led to a denial, and until when that can be requested. */
export interface Requestable {
  readonly request: AccessRequest;
  readonly expires: string;
}

/**
 * Returns the desk of a service: its Access Request API.
 *
 * @param requestable returns what is known of a denial; undefined if it cannot be requested
 */
export function remoteDesk(
  client: Pick<ServiceClient, 'send'>,
  requestable: (decision: Decision) => Requestable | undefined,
): ApprovalDesk {
  return {
    async ask(decision, justification) {
      const known = requestable(decision);
      if (known === undefined) return undefined;
      const { request, expires } = known;
      const denial = { evaluation_id: decision.id, expires_at: expires };
      const said = justification === undefined ? {} : { business_justification: justification };
      const answer = await client.send('POST', '/access/v1/requests', {
        ...request,
        context: { ...request.context, ...said },
        denial,
      });
      return { ...taskIn(answer), isNew: answer.status === 202 };
    },
    async withdraw(id) {
      await client.send('POST', `/access/v1/requests/${encodeURIComponent(id)}/cancel`, {
        reason: 'its caller hung up',
      });
    },
    async settled(id, ms, signal) {
      const until = performance.now() + ms;
      for (;;) {
        const asked = taskIn(await client.send('GET', `/access/v1/requests/${encodeURIComponent(id)}`));
        const left = until - performance.now();
        if (asked.status !== 'pending' || left <= 0 || signal?.aborted === true) return asked;
        await sleep(Math.min(POLL_MS, left), undefined, { ref: false });
      }
    },
  };
}

/** Returns the request that an answer is about. @throws {DecisionPointError} if it is about no request */
function taskIn({ status, body }: ServiceAnswer): RequestReference {
  const { task } = (body ?? {}) as { task?: { id?: unknown; status?: unknown; unapprovable?: unknown } };
  if (status >= 300 || typeof task?.id !== 'string' || typeof task.status !== 'string')
    throw new DecisionPointError(`the request for access was answered with status ${status}`);
  const { unapprovable } = task;
  return { id: task.id, status: task.status, ...(typeof unapprovable === 'string' ? { unapprovable } : {}) };
}
