import { TokenRefusedError } from './errors.js';
import type { Call, ProofKey } from './proof.js';

const TYPE = 'urn:ietf:params:oauth:token-type:';

/** A credential of an identity: an API key or access token (`access_token`), or a JWT-SVID (`jwt`). */
export interface Credential {
  readonly token: string;
  readonly type?: 'access_token' | 'jwt';
}

/** A transaction token, as the token service gave it. */
export interface TransactionToken {
  readonly token: string;
  readonly scope: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export interface TokenClientOptions {
  /** The URL of the service, as `http://127.0.0.1:7465`. */
  readonly service: string;
  /** The key of the caller that asks. */
  readonly key: string;
  readonly trustDomain: string;
  /** With it, tokens are bound to this key, and every use comes with a proof. */
  readonly proofKey?: ProofKey;
}

/**
 * One thing that a task may do (an element of `authorization_details`, RFC 9396, without its type). An action is covered when it is
 * one of `actions`, its tool has no effect but `effects`, and so on; what is not given does not restrict.
 */
export interface Grant {
  readonly actions?: readonly string[];
  readonly effects?: readonly string[];
  /** Entities as `Order::"17"`, or whole types as `Order`. */
  readonly resources?: readonly string[];
  readonly input?: Readonly<
    Record<
      string,
      { readonly one_of?: readonly (string | number | boolean)[]; readonly min?: number; readonly max?: number }
    >
  >;
  /** Seconds since the epoch. */
  readonly until?: number;
  readonly uses?: number;
  /** How much of an argument in all. */
  readonly limits?: Readonly<Record<string, number>>;
}

export interface HandOnOptions {
  /** The thumbprint of the next actor's registered key: its token is then bound to that. */
  readonly key?: string;
  readonly scope?: readonly string[];
  /** What the next actor may do at most: a part of what this one may. */
  readonly mandate?: readonly Grant[];
}

export interface BeginOptions {
  readonly credential: Credential;
  /** What the task is for, as narrowly as can be said. */
  readonly scope: readonly string[];
  /** Who works on it, when that is not whom the credential is about. */
  readonly actor?: Credential;
  /** What the task may do at most: a part of what its kind may. */
  readonly mandate?: readonly Grant[];
  readonly details?: Readonly<Record<string, unknown>>;
  /** What was asked of the agent. The token has a keyed hash of it; it is not kept. */
  readonly prompt?: string;
}

/** A token is not used in the last of its seconds: it must still be good when it arrives. */
const MARGIN_MS = 10_000;
const TIMEOUT_MS = 5_000;

/**
 * Gets, hands on and attaches transaction tokens.
 *
 * @example
 * const tokens = new TokenClient({ service: 'http://127.0.0.1:7465', key, trustDomain: 'shop.example' });
 * const task = await tokens.begin({ credential: { token: userToken }, scope: ['refund'], actor: { token: agentKey } });
 * await fetch(url, { method: 'POST', headers: await tokens.headers(task, 'POST', url) });
 */
export class TokenClient {
  /** What was handed on, by what was asked: the same hand-over twice is one token. */
  private readonly handed = new Map<string, Promise<TransactionToken>>();

  constructor(private readonly options: TokenClientOptions) {}

  /** The first token of a new task. @throws {TokenRefusedError} */
  begin({ credential, scope, actor, mandate, details, prompt }: BeginOptions): Promise<TransactionToken> {
    return this.exchange({
      ...subject(credential.token, credential.type ?? 'access_token'),
      ...acting(actor),
      scope: scope.join(' '),
      ...mandated(mandate),
      ...(details === undefined ? {} : { request_details: JSON.stringify(details) }),
      ...(prompt === undefined ? {} : { prompt }),
    });
  }

  /**
   * The token of the next actor, no wider than this one. Remembered for as long as it is good.
   *
   * @throws {TokenRefusedError} `access_denied` when the task may not be handed to it
   */
  async handOn(
    task: TransactionToken,
    actor: Credential,
    { scope, mandate, key }: HandOnOptions = {},
  ): Promise<TransactionToken> {
    const asked = JSON.stringify([task.token, actor.token, actor.type, scope, mandate, key]);
    for (let pending = this.handed.get(asked); pending !== undefined; pending = this.handed.get(asked)) {
      const known = await pending.catch(() => undefined);
      if (known !== undefined && known.expires - MARGIN_MS > Date.now()) return known;
      this.forget(asked, pending);
    }
    // Nothing is awaited between the look and the set: calls at the same time share one exchange.
    const form = {
      ...subject(task.token, 'txn_token'),
      ...acting(actor),
      ...mandated(mandate),
      ...(scope && { scope: scope.join(' ') }),
      ...(key && { actor_jkt: key }),
    };
    const fresh = this.exchange(form);
    this.forgetOld();
    this.handed.set(asked, fresh);
    fresh.catch(() => this.forget(asked, fresh));
    return fresh;
  }

  /**
   * The headers that carry a token to a service or tool: `Txn-Token`, and `DPoP` when it is bound to a key. With a call, the proof is
   * for that call alone.
   */
  async headers(
    { token }: TransactionToken,
    method: string,
    url: string,
    call?: Call,
  ): Promise<Record<string, string>> {
    const { proofKey } = this.options;
    return { 'Txn-Token': token, ...(proofKey && { DPoP: await proofKey.prove(method, url, token, call) }) };
  }

  private forget(asked: string, handed: Promise<TransactionToken>): void {
    if (this.handed.get(asked) === handed) this.handed.delete(asked);
  }

  private async exchange(form: Record<string, string>): Promise<TransactionToken> {
    const { service, key, trustDomain, proofKey } = this.options;
    const url = new URL('/token', service).href;
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: `${TYPE}txn_token`,
      audience: trustDomain,
      ...form,
    });
    const headers = { Authorization: `Bearer ${key}`, ...(proofKey && { DPoP: await proofKey.prove('POST', url) }) };
    let response: Response;
    let answer: Record<string, unknown>;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
      answer = (await response.json()) as Record<string, unknown>;
    } catch (cause) {
      throw new TokenRefusedError('service_unreachable', `the token service ${service} did not answer`, { cause });
    }
    const { access_token: token, expires_in: seconds, scope } = answer;
    if (
      response.status === 200 &&
      typeof token === 'string' &&
      typeof seconds === 'number' &&
      typeof scope === 'string'
    )
      return { token, scope: scope.split(' '), expires: Date.now() + seconds * 1_000 };
    const { error, error_description: why, detail } = answer;
    const code = typeof error === 'string' ? error : 'unexpected_answer';
    throw new TokenRefusedError(
      code,
      String(why ?? detail ?? `the token service answered with status ${response.status}`),
    );
  }

  private forgetOld(): void {
    for (const [asked, token] of this.handed) {
      token.then(
        ({ expires }) => {
          if (expires < Date.now()) this.handed.delete(asked);
        },
        () => undefined,
      );
    }
  }
}

function subject(token: string, type: string): Record<string, string> {
  return { subject_token: token, subject_token_type: TYPE + type };
}

function acting(actor: Credential | undefined): Record<string, string> {
  return actor === undefined
    ? {}
    : { actor_token: actor.token, actor_token_type: TYPE + (actor.type ?? 'access_token') };
}

function mandated(mandate: readonly Grant[] | undefined): Record<string, string> {
  if (mandate === undefined) return {};
  return { authorization_details: JSON.stringify(mandate.map((grant) => ({ type: 'writ_action', ...grant }))) };
}
