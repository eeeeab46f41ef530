import { type EntityUid, uidText } from '@writ/cedar';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { decodeJwt } from 'jose';
import type { Credentials } from './credentials.js';
import { ExchangeError } from './errors.js';
import type { TransactionToken, TransactionTokens } from './transaction-token.js';

interface ClientTokensParts {
  readonly credentials: Credentials;
  /**
   * Returns the token of a client that sends none: `task` names its task, by default its identity does.
   *
   * @throws {ExchangeError} when the credential proves nothing; {@link IssuerUnreachableError} when it cannot be verified now
   */
  readonly clientToken: (credential: string, task?: string, kind?: string) => Promise<TransactionToken>;
  readonly tokens: TransactionTokens;
  /** Whether the bundle has a trust domain: clients are then given tokens. */
  readonly hasTokens: () => boolean;
  /** Whether the host of a client says what the user asked for. */
  readonly isPromptTrusted: (client: string) => boolean;
  /** Returns the kind of the tasks of a client; undefined for the default kind. */
  readonly kindOf: (client: string) => string | undefined;
  readonly clock: () => Date;
  /** Called with each API key that proved an identity. */
  readonly onCredential: (
    use: {
      readonly credential: string;
      readonly kind: 'api_key';
      readonly identity: EntityUid;
      readonly through: 'gateway';
    },
    now: Date,
  ) => void;
}

/** A client of the gateway, and the token that its calls have when they come without one. */
interface ProvedClient {
  readonly client: {
    readonly originator: EntityUid;
    readonly agent: EntityUid | undefined;
    readonly task: string;
    /** The verified claims of its access token. */
    readonly claims?: Readonly<Record<string, unknown>>;
    readonly isPromptTrusted?: boolean;
    readonly kind?: string | undefined;
  };
  readonly txnToken: string | undefined;
}

/** A JWS in compact serialization, as bearer token. */
const JWT = /^bearer\s+([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
/** Characters. */
const MAX_CREDENTIAL = 8_192;
/** A signed token is reused for half its life: it must still be valid upstream. */
const REUSED_SHARE = 0.5;
const MAX_REUSED = 10_000;

/**
 * Identifies clients of the gateway, by a key, an access token or a JWT-SVID, and signs the transaction tokens of their calls. The
 * token of a client is the same in all its tasks.
 */
export class ClientTokens {
  private readonly signed = new BoundedCache<string, { readonly text: string; readonly token: TransactionToken }>(
    MAX_REUSED,
  );

  constructor(private readonly parts: ClientTokensParts) {}

  /**
   * Verifies a credential.
   *
   * @param connection the one that it came on
   * @returns undefined if the credential proves nothing
   * @throws {IssuerUnreachableError} when it cannot be verified now
   */
  async identify(authorization: string | undefined, connection: object): Promise<ProvedClient | undefined> {
    const { credentials, hasTokens, clientToken } = this.parts;
    const holder = authorization === undefined ? undefined : credentials.verifyOn(connection, authorization);
    if (holder !== undefined) {
      if (holder.kind !== 'client') return undefined;
      const { originator, agent, name } = holder;
      const now = this.parts.clock();
      this.parts.onCredential({ credential: name, kind: 'api_key', identity: agent, through: 'gateway' }, now);
      const { isPromptTrusted, kindOf } = this.parts;
      const client = { originator, agent, task: name, isPromptTrusted: isPromptTrusted(name), kind: kindOf(name) };
      if (!hasTokens()) return { client, txnToken: undefined };
      return { client, txnToken: await this.sign(await clientToken(authorization as string, name, kindOf(name))) };
    }
    const jwt = (authorization?.length ?? 0) > MAX_CREDENTIAL ? undefined : JWT.exec(authorization ?? '')?.[1];
    if (jwt === undefined || !hasTokens()) return undefined;
    try {
      const token = await clientToken(jwt);
      const [{ uid: originator }] = token.path;
      return {
        client: { originator, agent: undefined, task: uidText(originator), claims: decodeJwt(jwt) },
        txnToken: await this.sign(token),
      };
    } catch (error) {
      if (error instanceof ExchangeError) return undefined;
      throw error;
    }
  }

  /** Signs a token, or returns one with the same claims that was signed before. Each call has proved these claims. */
  private async sign(token: TransactionToken): Promise<string> {
    const { txn, path, scope, madeOf, session, provedAt, mandate } = token;
    // The key has all that the token can be revoked by: the token of a later sign-in must not serve an earlier one.
    const key = JSON.stringify([txn, path, scope, madeOf, session, provedAt, mandate]);
    const known = this.signed.get(key);
    const nowS = this.parts.clock().getTime() / 1_000;
    if (known !== undefined) {
      const { issuedAt, expires } = known.token;
      if (nowS < issuedAt + (expires - issuedAt) * REUSED_SHARE) return known.text;
    }
    const text = await this.parts.tokens.sign(token);
    this.signed.set(key, { text, token });
    return text;
  }
}
