import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Problem } from './problem.js';
import type { Route } from './route.js';

/**
 * Top-level names that nobody can register, so no stranger's page can be served under one: RFC 6761 and RFC 6762, ICANN's
 * `internal`, and those of a Kubernetes cluster.
 */
const UNREGISTRABLE: ReadonlySet<string> = new Set(['localhost', 'local', 'internal', 'test', 'svc']);
const CLUSTER = '.cluster.local';

/**
 * The names under which the service answers. A page of a stranger whose name resolves to this service (DNS rebinding) sends
 * its own name. Addresses, names without a dot and names that nobody can register are no such names; others are configured.
 */
export class KnownHosts {
  /** The last headers that were accepted: nearly all requests have the same. */
  private lastHost: string | undefined;
  private lastOrigin: string | undefined;

  /** @param names returns the configured names, in lower case and without ports */
  constructor(private readonly names: () => ReadonlySet<string>) {}

  /** @throws {Problem} 403 for a request under another name, or from a page of another */
  check(access: Route['access'], { headers: { host, origin }, socket }: IncomingMessage): void {
    // hot: one comparison each.
    if (host !== this.lastHost && host !== undefined && !isForAnyName(access)) {
      // Over TLS, a page of a stranger's name does not get this far: the certificate is not for that name.
      if (!(socket instanceof TLSSocket) && !this.isKnown(nameOf(`http://${host}`)))
        throw new Problem(403, `this service does not answer as ${JSON.stringify(host)}: see --allow-host`);
      this.lastHost = host;
    }
    if (origin === undefined || origin === this.lastOrigin || isForAnyName(access)) return;
    const page = nameOf(origin);
    if (this.isKnown(page)) this.lastOrigin = origin;
    else if (page === undefined || page !== nameOf(`http://${host}`))
      throw new Problem(403, `this service does not answer pages of ${JSON.stringify(origin)}: see --allow-host`);
  }

  private isKnown(name: string | undefined): boolean {
    if (name === undefined) return false;
    if (isIP(name) !== 0 || !name.includes('.') || name.endsWith(CLUSTER)) return true;
    return UNREGISTRABLE.has(name.slice(name.lastIndexOf('.') + 1)) || this.names().has(name);
  }
}

/** Health probes use the address of a container; an approval link is a credential, and its page sends no origin. */
function isForAnyName(access: Route['access']): boolean {
  return access.kind === 'open' || (access.kind === 'area' && access.area === 'metrics');
}

/** Returns the host in a URL that has no more than that; undefined if it has more, or is malformed. */
function nameOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, hostname, pathname, search, hash } = new URL(text);
  const isMore = username !== '' || password !== '' || pathname !== '/' || search !== '' || hash !== '';
  if (isMore || (protocol !== 'http:' && protocol !== 'https:') || hostname === '') return undefined;
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}
