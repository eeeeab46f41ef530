import { uidText } from '@writ/cedar';
import { decodeJwt } from 'jose';
import type { TokenExchange } from './decide/delegation/exchange.js';
import type { IdentifiedClient } from './enforce/mcp/server/mcp-server.js';
import type { Credentials } from './provenance/credentials.js';
import { ExchangeError } from './provenance/errors.js';
import { Newest } from './provenance/newest.js';
import type { TransactionToken, TransactionTokens } from './provenance/transaction-token.js';
import type { CredentialUses } from './registry/credential-uses.js';

interface GatewayClientsParts {
  readonly credentials: Credentials;
  readonly exchange: TokenExchange;
  readonly tokens: TransactionTokens;
  /** Whether the bundle has a trust domain: then clients are given tokens. */
  readonly hasTokens: () => boolean;
  /** Whether the host of a client says what the user asked for. */
  readonly tellsPrompt: (client: string) => boolean;
  readonly clock: () => Date;
  /** Told of each credential that proved an identity. */
  readonly onCredential: CredentialUses['used'];
}

/** A JWS in compact serialisation, as bearer token. */
const JWT = /^bearer\s+([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
const MAX_CREDENTIAL = 8_192;
/** A token is used for half its life: it must still be good upstream. */
const FRESH_SHARE = 0.5;

/**
 * Who a client of the gateway is, by its key or by an access token or JWT-SVID of its own; and the transaction token that its calls
 * have when they come with none. It is one task for as long as it is one identity: to connect again begins no other.
 */
export class GatewayClients {
  private readonly made = new Newest<{ readonly text: string; readonly token: TransactionToken }>(10_000);

  constructor(private readonly parts: GatewayClientsParts) {}

  /**
   * @param connection that it came on
   * @returns undefined for a credential that proves nothing
   * @throws {IssuerUnreachableError} when it cannot be verified now
   */
  async identify(authorization: string | undefined, connection: object): Promise<IdentifiedClient | undefined> {
    const { credentials, hasTokens } = this.parts;
    const holder = authorization === undefined ? undefined : credentials.verifyOn(connection, authorization);
    if (holder !== undefined) {
      if (holder.kind !== 'client') return undefined;
      const { originator, agent, name } = holder;
      const now = this.parts.clock();
      this.parts.onCredential({ credential: name, kind: 'api_key', identity: agent, through: 'gateway' }, now);
      const client = { originator, agent, task: name, tellsPrompt: this.parts.tellsPrompt(name) };
      if (!hasTokens()) return { client };
      return { client, txnToken: await this.textOf(authorization as string, holder.name) };
    }
    const jwt = (authorization?.length ?? 0) > MAX_CREDENTIAL ? undefined : JWT.exec(authorization ?? '')?.[1];
    if (jwt === undefined || !hasTokens()) return undefined;
    try {
      const token = await this.parts.exchange.standing(jwt);
      const [{ uid: originator }] = token.path;
      return {
        client: { originator, task: uidText(originator), claims: decodeJwt(jwt) },
        txnToken: await this.signed(token),
      };
    } catch (error) {
      if (error instanceof ExchangeError) return undefined;
      throw error;
    }
  }

  private async textOf(authorization: string, task: string): Promise<string> {
    return this.signed(await this.parts.exchange.standing(authorization, task));
  }

  /** One token serves many calls. What is kept is what was proved anew for each. */
  private async signed(token: TransactionToken): Promise<string> {
    const { txn, path, scope, madeOf, session, provedAt } = token;
    // What it can be revoked by is part of it: the token of a later sign-in must not serve an earlier one.
    const key = JSON.stringify([txn, path, scope, madeOf, session, provedAt]);
    const known = this.made.get(key);
    const now = this.parts.clock().getTime() / 1_000;
    if (known !== undefined && now < known.token.issuedAt + (known.token.expires - known.token.issuedAt) * FRESH_SHARE)
      return known.text;
    const text = await this.parts.tokens.sign(token);
    this.made.set(key, { text, token });
    return text;
  }
}
