import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProxyDenial } from '../enforced/permit.js';

type Answer = Pick<ProxyDenial, 'title' | 'headers' | 'members'> & { readonly status: number };

/** No tunnels are made. */
export const NO_TUNNELS: Answer = {
  status: 405,
  title: 'tunnels are not made here',
  members: { code: 'method_unknown' },
};

/** A proof is for a URL, which a tunnel has none of. Passed over, it would look as if it had been verified. */
export const NO_PROOFS: Answer = {
  status: 400,
  title:
    'a proof of possession (DPoP) cannot be verified for a tunnel: leave it out, and send a token that is bound to no key',
  members: { code: 'egress_proof' },
};

/** Ends a connection that becomes no tunnel, with a problem (RFC 9457). */
export function answerOn(client: Duplex, { status, title, headers = {}, members = {} }: Answer): void {
  const body = JSON.stringify({ code: 'not_permitted', ...members, title, status });
  const lines = Object.entries({
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  client.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n${body}`);
}
