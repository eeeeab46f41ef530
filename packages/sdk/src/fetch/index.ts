import type { Call } from '../app/call.js';
import { CallError } from '../app/errors.js';
import type { GuardOptions } from '../app/writ.js';
import type { AnyWrit } from '../tools/tool-call.js';

/** A request as it is decided on and sent. */
export interface GuardedRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: string;
}

/** More than this is not read: it counts as all that it can bring. */
const MAX_READ = 200_000;

/**
 * Returns a `fetch` that asks before it sends. It takes an absolute URL, and a body that is a text. A redirect is an error: nobody
 * decided on where it leads. A response is read to its end before it is handed on.
 *
 * @param describe returns the call of a request; `input` is the request itself
 * @example
 * const send = guardedFetch(writ, ({ url }) => ({ subject, action: 'http_get', resource: { type: 'Domain', id: new URL(url).host } }));
 */
export function guardedFetch(
  writ: AnyWrit,
  describe: (request: GuardedRequest) => Omit<Call, 'input'>,
  options: GuardOptions & { readonly fetch?: typeof fetch } = {},
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  const { fetch: send = fetch, ...guarding } = options;
  return async (url, init = {}) => {
    const { body, method = 'GET' } = init;
    if (body !== undefined && body !== null && typeof body !== 'string')
      throw new CallError('the body of a guarded request is a text');
    const { href, protocol } = new URL(url);
    if (protocol !== 'https:' && protocol !== 'http:') throw new CallError(`${protocol} cannot be fetched`);
    const request: GuardedRequest = {
      method: method.toUpperCase(),
      url: href,
      ...(typeof body === 'string' && { body }),
    };
    const permit = await writ.begin({ ...describe(request), input: request }, guarding);
    const permitted = permit.input as GuardedRequest;
    let response: Response;
    let text: string;
    try {
      const signal = init.signal ? AbortSignal.any([init.signal, permit.signal]) : permit.signal;
      response = await send(permitted.url, { ...init, ...permitted, signal, redirect: 'error' });
      text = await response.text();
    } catch (error) {
      throw await permit.failed(error);
    }
    const { status, statusText, headers } = response;
    const kept =
      text.length > MAX_READ ? await permit.unread('completed').then(() => text) : await permit.completed(text);
    const shown = new Headers(headers);
    // They are of the body as it was sent.
    for (const name of ['content-length', 'content-encoding']) shown.delete(name);
    const hasBody = ![101, 204, 205, 304].includes(status);
    return new Response(hasBody ? kept : null, { status, statusText, headers: shown });
  };
}
