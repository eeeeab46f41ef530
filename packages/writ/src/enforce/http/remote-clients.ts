import { createHash } from 'node:crypto';
import { type EntityUid, parseUid, sameUid, uidText } from '@writ/cedar/uid';
import type { CallingClient } from '@writ/enforce';
import { DecisionPointError, type ServiceClient } from '@writ/sdk/client';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { decodeJwt } from 'jose';

/** A client whose tasks are of a kind of their own: the service gives its kind to no token. */
interface ClientOfKind {
  readonly agent: string;
  readonly for: string;
  readonly task?: string | undefined;
}

interface RemoteClientsParts {
  readonly service: Pick<ServiceClient, 'sendForm'>;
  /** The `aud` of transaction tokens. */
  readonly trustDomain: () => string | undefined;
  readonly clients: () => Readonly<Record<string, ClientOfKind>>;
}

interface Proved {
  readonly client: CallingClient;
  readonly txnToken: string;
}

interface Known {
  readonly proved: Promise<Proved | undefined>;
  /** By `performance.now`. */
  until: number;
}

const MAX_KNOWN = 10_000;
const MAX_CREDENTIAL = 8_192;
const MAX_WHY = 500;
/** A credential that proves nothing is not asked about again for this time. */
const UNPROVED_MS = 5_000;
/** The most credentials of one address, in a minute, that the service is asked about although they prove nothing. */
const MAX_UNPROVED = 30;
const UNPROVED_WINDOW_MS = 60_000;
/** A token is used for half its life: it must still be valid upstream. */
const USED_SHARE = 0.5;
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;
const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
};
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Identifies the clients of a proxy beside a workload: its service exchanges their credentials for transaction tokens, and so verifies
 * them.
 */
export class RemoteClients {
  private readonly known = new BoundedCache<string, Known>(MAX_KNOWN);
  /** How many credentials of an address proved nothing lately. */
  private readonly unproved = new BoundedCache<string, { count: number; readonly until: number }>(MAX_KNOWN);

  constructor(private readonly parts: RemoteClientsParts) {}

  /**
   * Returns the client that a credential proves; undefined if it proves none.
   *
   * @param address the one that it came from
   * @throws {DecisionPointError} if the service cannot say it now
   */
  async identify(authorization: string | undefined, address = ''): Promise<Proved | undefined> {
    const credential =
      (authorization?.length ?? 0) > MAX_CREDENTIAL ? undefined : BEARER.exec(authorization ?? '')?.[1];
    if (credential === undefined) return undefined;
    const key = createHash('sha256').update(credential).digest('base64');
    const before = this.known.get(key);
    if (before !== undefined && performance.now() < before.until) return before.proved;
    this.refuseFlood(address);
    const known: Known = {
      proved: this.ask(credential, (ms) => this.keep(known, ms)),
      until: Number.POSITIVE_INFINITY,
    };
    this.known.set(key, known);
    // A failure is not kept: the next request asks again.
    known.proved.catch(() => {
      known.until = 0;
    });
    const proved = await known.proved;
    if (proved === undefined) this.noteUnproved(address);
    return proved;
  }

  /** @throws {DecisionPointError} if too many credentials came from there that prove nothing: the service records each */
  private refuseFlood(address: string): void {
    const seen = this.unproved.get(address);
    if (seen !== undefined && performance.now() < seen.until && seen.count >= MAX_UNPROVED)
      throw new DecisionPointError(`${MAX_UNPROVED} credentials from ${address} proved nothing within a minute`);
  }

  private noteUnproved(address: string): void {
    const seen = this.unproved.get(address);
    const now = performance.now();
    if (seen !== undefined && now < seen.until) seen.count += 1;
    else this.unproved.set(address, { count: 1, until: now + UNPROVED_WINDOW_MS });
  }

  private keep(known: Known, ms: number): void {
    known.until = performance.now() + ms;
  }

  private async ask(credential: string, keep: (ms: number) => void): Promise<Proved | undefined> {
    const { service, trustDomain } = this.parts;
    const fields = { ...EXCHANGE, subject_token: credential, audience: trustDomain() ?? '' };
    const { status, body } = await service.sendForm('/token', fields);
    const {
      access_token: txnToken,
      expires_in: seconds,
      error,
      error_description: why,
    } = (body ?? {}) as Record<string, unknown>;
    if (status === 400 && error === 'invalid_grant') {
      keep(UNPROVED_MS);
      return undefined;
    }
    if (status !== 200 || typeof txnToken !== 'string' || typeof seconds !== 'number' || !(seconds > 0))
      throw new DecisionPointError(
        `the service answered the exchange of a credential with status ${status}${typeof why === 'string' ? `: ${why.slice(0, MAX_WHY)}` : ''}`,
        error === 'invalid_scope'
          ? 'give the client or the issuer `scopes` in writ.yaml'
          : 'the caller of this proxy has to be permitted to exchange tokens, and the bundle to have `tokens`',
      );
    const client = this.clientIn(txnToken, credential);
    keep(seconds * 1_000 * USED_SHARE);
    return { client, txnToken };
  }

  /** Returns the client that a token is about. The service answered with it, and verifies it again with each decision. */
  private clientIn(txnToken: string, credential: string): CallingClient {
    const path = pathIn(txnToken);
    const [originator] = path;
    const agent = path.length > 1 ? (path.at(-1) as EntityUid) : undefined;
    for (const [name, one] of Object.entries(this.parts.clients()))
      if (one.task !== undefined && agent !== undefined && isSame(one.agent, agent) && isSame(one.for, originator))
        throw new DecisionPointError(
          `the tasks of the client ${name} are of a kind of their own, which a token of its key does not have`,
          'let it ask the proxy of `writ start`',
        );
    const claims = JWT.test(credential) ? { claims: decodeJwt(credential) } : {};
    return { originator, agent, task: uidText(agent ?? originator), ...claims };
  }
}

function isSame(text: string, uid: EntityUid): boolean {
  const parsed = parseUid(text);
  return parsed !== undefined && sameUid(parsed, uid);
}

/** @throws {DecisionPointError} if a token says nothing of whom it is about */
function pathIn(txnToken: string): readonly [EntityUid, ...EntityUid[]] {
  try {
    const { agentic_ctx: context } = decodeJwt<{ agentic_ctx?: { path?: { sub?: unknown }[] } }>(txnToken);
    const path = (context?.path ?? []).map(({ sub }) => parseUid(String(sub)));
    if (path.length > 0 && path.every((uid) => uid !== undefined)) return path as [EntityUid, ...EntityUid[]];
  } catch {
    // It is said below.
  }
  throw new DecisionPointError('the service answered with a token that says nothing of whom it is about');
}
