import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { AGAIN, callerOf, type EnforcedParts } from '../proxy/enforced.js';
import type { ProxyDenial } from '../proxy/permit.js';
import { denialOf } from '../proxy/refused.js';
import type { CheckedRequest } from './checked-request.js';

/** A request may be forwarded as it is. */
export interface CheckPermit {
  readonly permitted: true;
  /** Undefined for a request that nobody decides on. */
  readonly decisionId: string | undefined;
  /** Headers that the front sets for the service, as its credential. */
  readonly credential: Readonly<Record<string, string>>;
  /** Ends it when the front has the answer, or cannot have it any more. */
  end(isSent: boolean): void;
}

/** Decides on the request of a check. @param signal aborted when the front is gone */
export type DecideCheck = (
  checked: CheckedRequest,
  from: Connection,
  signal: AbortSignal,
) => Promise<CheckPermit | ProxyDenial>;

/** The connection of a front. It proves nothing of the client. */
interface Connection {
  readonly remoteAddress: string | undefined;
}

/**
 * Returns what decides on checks: each is an operation of the enforcer. There is no outcome to come, so that a permit ends when it is
 * given, and counts as done, with all that it can bring. Nothing can be changed here: a permit that asks for it is a refusal.
 */
export function checkedBy(parts: EnforcedParts): DecideCheck {
  const { enforcer, served, log } = parts;
  return async ({ request, reported }, connection, signal) => {
    const { services, mapper, credentials } = served();
    if (!services.includes(request.service)) return AGAIN;
    if (request.kind !== 'operation') return { permitted: true, decisionId: undefined, credential: {}, end: nothing };
    const name = request.operation?.name ?? '';
    const asking = {
      headers: headersOf(reported.rawHeaders),
      method: request.method,
      // The certificate and the address of the front are not those of its client.
      socket: connection as unknown as IncomingMessage['socket'],
    };
    const found = await callerOf(parts, request, asking, 'check', reported.scheme);
    if ('permitted' in found) return found;
    const begun = await enforcer.begin(
      { name, requests: () => mapper.map(request, found.client) },
      { ...found, signal },
    );
    if (begun.kind !== 'permit') return denialOf(name, begun);
    return {
      permitted: true,
      decisionId: begun.decisionId,
      credential: credentials.get(request.service.name) ?? {},
      end: (isSent) => {
        const ended = isSent ? begun.done('completed', undefined) : begun.done('not-executed');
        ended.catch((error: unknown) => log.error(error, 'a permit did not end'));
      },
    };
  };
}

const nothing = (): void => undefined;

/** Each of them is there once, as the reading of the request has it. */
function headersOf(raw: readonly string[]): IncomingHttpHeaders {
  return Object.fromEntries(raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] as string]] : [])));
}
