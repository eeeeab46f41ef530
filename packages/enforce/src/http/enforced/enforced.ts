import type { Log } from '@writ/sdk/lib/log';
import type { Attempts } from '../../attempts/attempts.js';
import type { OperationMapper } from '../../coaz/operation-mapper.js';
import type { OperationCaller } from '../../enforcer/caller.js';
import { carriedInHeaders, workingFor } from '../../enforcer/carried.js';
import type { Enforcer } from '../../enforcer/enforcer.js';
import type { Permit } from '../../enforcer/permit.js';
import type { NamedOperation } from '../coaz/binding.js';
import { inputOf } from '../coaz/variables.js';
import type { Service } from '../definition/service.js';
import type { CanonicalRequest } from '../request/body.js';
import { resultOf } from './answer-value.js';
import { changedRequest } from './changed-request.js';
import { type Identified, type Identify, unbarred } from './identified.js';
import type { Came, Decide, ProxyDenial, ProxyOutcome, ProxyPermit } from './permit.js';
import { denialOf } from './refused.js';

/** The services that are served now. It is replaced whole. */
export interface ServedServices {
  readonly services: readonly Service[];
  readonly mapper: Pick<OperationMapper<CanonicalRequest, NamedOperation>, 'map' | 'listed'>;
  /** The headers that a service is sent as its credential, by the name of the service. */
  readonly credentials: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

interface EnforcedParts {
  readonly enforcer: Enforcer;
  readonly served: () => ServedServices;
  readonly identify: Identify;
  readonly attempts: Pick<Attempts, 'add'>;
  /** The part that refuses, as attempts name it. */
  readonly at: string;
  readonly log: Log;
}

/** Returns what decides on the requests of a proxy: each is an operation of the enforcer. */
export function enforcedBy(parts: EnforcedParts): Decide {
  return async (request, came) => {
    const { services, mapper, credentials } = parts.served();
    // The bundle was replaced since the request was read: its reading may be another one now.
    if (!services.includes(request.service)) return AGAIN;
    const name = request.operation?.name ?? '';
    const found = await callerOf(parts, request, came);
    if ('permitted' in found) return found;
    const { conversation, service } = request;
    // Two services may use the same name for different conversations.
    const client =
      conversation === undefined ? found.client : { ...found.client, conversation: `${service.name} ${conversation}` };
    let sent = request;
    const changeable = {
      input: inputOf(request),
      schemaError: (input: unknown) => {
        const made = changedRequest(request, input);
        if (typeof made === 'string') return made;
        sent = made;
        return undefined;
      },
      result: request.operation?.upgrade === undefined && came.changes !== 'input',
    };
    const begun = await parts.enforcer.begin(
      {
        name,
        requests: () => unbarred(mapper.map(request, client), found.barredFrom),
        changeable: came.changes === 'nothing' ? undefined : changeable,
      },
      { ...found, client, signal: came.gone },
    );
    if (begun.kind !== 'permit') return denialOf(name, begun);
    return proxied(begun, { request: sent, credential: credentials.get(request.service.name) ?? {}, log: parts.log });
  };
}

const AGAIN: ProxyDenial = {
  permitted: false,
  status: 503,
  title: 'the policy was replaced while the request was read; send it again',
  headers: { 'retry-after': '1' },
};

async function callerOf(
  { identify, attempts, at, log }: EnforcedParts,
  { service, operation, path }: CanonicalRequest,
  { headers, method, scheme, connection, address }: Came,
): Promise<(OperationCaller & Pick<Identified, 'barredFrom'>) | ProxyDenial> {
  const note = (reason: 'unauthenticated' | 'unavailable'): void =>
    attempts.add({ at, operation: operation?.name ?? '', reason, from: address });
  let found: Identified | undefined;
  try {
    found = await identify({ headers, connection });
  } catch (error) {
    log.error(error, 'no identity');
    note('unavailable');
    return { permitted: false, status: 503, title: 'the credential cannot be verified now; try again later' };
  }
  if (found === undefined) {
    note('unauthenticated');
    const why = headers.authorization === undefined ? '' : ', error="invalid_token"';
    return {
      permitted: false,
      status: 401,
      title: 'send the key of a client or caller, or an access token of a known issuer, as bearer token',
      headers: { 'www-authenticate': `Bearer realm="${service.name}"${why}` },
    };
  }
  const carried = carriedInHeaders(headers, { method, url: `${scheme}://${headers.host}${path}` });
  const { client, txnToken, barredFrom } = found;
  if (carried.txnToken !== undefined) return { client: workingFor(client, carried.txnToken), carried, barredFrom };
  return { client, carried: { ...carried, txnToken, plain: { kind: client.kind } }, barredFrom };
}

interface Proxied {
  readonly request: CanonicalRequest;
  readonly credential: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** Returns a permit of the enforcer as the proxy takes it. It has one end, whichever side comes first. */
function proxied(permit: Permit, { request, credential, log }: Proxied): ProxyPermit {
  const revoked = new AbortController();
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  permit.onRevoked((why) => revoked.abort(why));
  // A stream may be longer than a permit is kept that nothing runs.
  permit.during(() => finished).catch((error: unknown) => log.error(error, 'a permit did not end'));
  let isOver = false;
  const end = async (
    { result, status }: ProxyOutcome,
    answer: ReturnType<typeof resultOf>,
  ): Promise<Awaited<ReturnType<Permit['done']>>> => {
    isOver = true;
    const error = result === 'failed' && status !== undefined ? { error: `HTTP ${status}` } : {};
    try {
      // A service that failed may have done it: its limits are not given back.
      return await permit.done(status !== undefined && status >= 500 ? 'unknown' : result, answer, error);
    } finally {
      finish();
    }
  };
  return {
    permitted: true,
    decision: permit.decisionId,
    // An answer in another coding is not read.
    headers: { 'accept-encoding': 'identity', ...credential },
    revoked: revoked.signal,
    request,
    mustRead: permit.changesResult,
    accept: async ({ status, bytes }) => {
      const read = resultOf(bytes);
      const ended = await end({ result: status < 400 ? 'completed' : 'failed', status }, read);
      if (ended.kind === 'withheld' || (permit.changesResult && read === undefined)) return undefined;
      if (!permit.changesResult || bytes.length === 0) return bytes;
      const { structuredContent } = ended.result as { structuredContent: unknown };
      return new TextEncoder().encode(JSON.stringify(structuredContent));
    },
    done: (outcome) => {
      if (isOver) return;
      end(outcome, undefined).catch((error: unknown) => log.error(error, 'a permit did not end'));
    },
  };
}
