import { decodeJwt } from 'jose';
import type { ProofKey } from './proof.js';
import { sha256 } from './proof.js';
import type { Grant, TransactionToken } from './tokens.js';

export interface LinkOptions {
  /** Who works on, as `Agent::"helper"`, and the thumbprint of the key that is registered as its own. */
  readonly to: string;
  readonly key: string;
  /** A part of what the task is for; all of it when it is not given. */
  readonly scope?: readonly string[];
  /** What the next actor may do at most: a part of what this one may. */
  readonly mandate?: readonly Grant[];
  /** Seconds; until the task's own end when it is not given. */
  readonly lifetime?: number;
}

/**
 * Hands a task on by a signature, and asks nobody: whoever verifies it asks whether it may. The task must be bound to this key, which
 * must be registered as the present actor's.
 *
 * @example const next = await handOnOffline(task, myKey, { to: 'Agent::"helper"', key: helperThumbprint, lifetime: 60 });
 */
export async function handOnOffline(
  task: TransactionToken,
  key: ProofKey,
  { to, key: jkt, scope = task.scope, mandate, lifetime }: LinkOptions,
): Promise<TransactionToken> {
  const parts = task.token.split('~');
  const last = parts[parts.length - 1] as string;
  const { txn, sub, aud, exp = 0, iat = 0 } = decodeJwt(last);
  const now = Math.max(Math.floor(Date.now() / 1_000), iat);
  const expires = lifetime === undefined ? exp : Math.min(exp, now + lifetime);
  const link = await key.sign('txnlink+jwt', {
    iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${key.thumbprint}`,
    sub,
    aud,
    txn,
    jti: crypto.randomUUID(),
    iat: now,
    exp: expires,
    act: { sub: to },
    cnf: { jkt },
    par_hash: sha256(last.slice(0, last.lastIndexOf('.'))),
    del_depth: parts.length,
    scope: scope.join(' '),
    ...(mandate === undefined
      ? {}
      : { authorization_details: mandate.map((grant) => ({ type: 'writ_action', ...grant })) }),
  });
  return { token: `${task.token}~${link}`, scope, expires: expires * 1_000 };
}
