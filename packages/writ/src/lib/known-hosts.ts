import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Top-level names that nobody can register, so no stranger's page can be served under one: RFC 6761 and RFC 6762, ICANN's
 * `internal`, and those of a Kubernetes cluster.
 */
const UNREGISTRABLE: ReadonlySet<string> = new Set(['localhost', 'local', 'internal', 'test', 'svc']);
const CLUSTER = '.cluster.local';

/** A header with a name under which a server does not answer. */
interface ForeignName {
  readonly header: 'Host' | 'Origin';
  readonly value: string;
}

/**
 * The names under which a server answers. A page of a stranger whose name resolves to this server (DNS rebinding) sends its own
 * name.
 */
export class KnownHosts {
  /** The last headers that were accepted: nearly all requests have the same. */
  private lastHost: string | undefined;
  private lastOrigin: string | undefined;
  private lastNames: ReadonlySet<string> | undefined;

  /**
   * @param names returns the configured names, in lower case and without ports; another set when they change
   * @param isLocal returns whether a name is known without being configured
   */
  constructor(
    private readonly names: () => ReadonlySet<string>,
    private readonly isLocal: (name: string) => boolean = isUnregistrable,
  ) {}

  /** Returns the name of a request that is foreign; undefined if the request may be answered. */
  foreignIn({ headers: { host, origin }, socket }: IncomingMessage): ForeignName | undefined {
    const names = this.names();
    if (names !== this.lastNames) {
      this.lastNames = names;
      this.lastHost = undefined;
      this.lastOrigin = undefined;
    }
    // hot: one comparison each.
    if (host !== this.lastHost && host !== undefined) {
      // Over TLS, a page of a stranger's name does not get this far: the certificate is not for that name.
      if (!(socket instanceof TLSSocket) && !this.isKnown(nameOf(`http://${host}`), names))
        return { header: 'Host', value: host };
      this.lastHost = host;
    }
    if (origin === undefined || origin === this.lastOrigin) return undefined;
    const page = nameOf(origin);
    if (this.isKnown(page, names)) this.lastOrigin = origin;
    else if (page === undefined || page !== nameOf(`http://${host}`)) return { header: 'Origin', value: origin };
    return undefined;
  }

  private isKnown(name: string | undefined, names: ReadonlySet<string>): boolean {
    return name !== undefined && (this.isLocal(name) || names.has(name));
  }
}

/** Returns whether a stranger can have no page under a name: an address, a name without a dot, and one that nobody can register. */
function isUnregistrable(name: string): boolean {
  if (isIP(name) !== 0 || !name.includes('.') || name.endsWith(CLUSTER)) return true;
  return UNREGISTRABLE.has(name.slice(name.lastIndexOf('.') + 1));
}

/** Returns the host in a URL that has no more than that; undefined if it has more, or is malformed. */
function nameOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, hostname, pathname, search, hash } = new URL(text);
  const isMore = username !== '' || password !== '' || pathname !== '/' || search !== '' || hash !== '';
  if (isMore || (protocol !== 'http:' && protocol !== 'https:') || hostname === '') return undefined;
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}
