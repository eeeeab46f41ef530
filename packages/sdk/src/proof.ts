import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

/** A call of a tool, for a proof that is good for this call alone. */
export interface Call {
  /** The name of the action, as the enforcement point asks about it: at the gateway, the tool. */
  readonly action: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A key pair of an agent, and what it signs: proofs that it has it (DPoP, RFC 9449), and delegation links. */
export class ProofKey {
  private constructor(
    private readonly privateKey: CryptoKey,
    /** To be registered as the agent's: `POST /v1/identity-keys`, or `writ identity key add`. */
    readonly publicJwk: JWK,
    /** RFC 7638. */
    readonly thumbprint: string,
  ) {}

  /** A new ES256 key of this process. The private part cannot be taken out. */
  static async make(): Promise<ProofKey> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: false });
    return ProofKey.of(privateKey, await exportJWK(publicKey));
  }

  /** A key that was made before: an EC key on P-256 with its private part, as JWK. */
  static async from(jwk: JWK): Promise<ProofKey> {
    const { kty, crv, x, y } = jwk;
    return ProofKey.of((await importJWK(jwk, 'ES256')) as CryptoKey, { kty, crv, x, y } as JWK);
  }

  private static async of(privateKey: CryptoKey, publicJwk: JWK): Promise<ProofKey> {
    return new ProofKey(privateKey, publicJwk, await calculateJwkThumbprint(publicJwk));
  }

  /** A proof for one request; with a token, about that token; with a call, for that call alone. */
  async prove(method: string, url: string, token?: string, call?: Call): Promise<string> {
    const { origin, pathname } = new URL(url);
    const claims = {
      jti: crypto.randomUUID(),
      htm: method,
      htu: origin + pathname,
      ...(token === undefined ? {} : { ath: sha256(token) }),
      ...(call === undefined ? {} : { 'dev.writ/call': `sha-256:${sha256(canonical(call))}` }),
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.publicJwk })
      .setIssuedAt()
      .sign(this.privateKey);
  }

  /** Signs claims as a token of this type, under the name of this key. */
  async sign(type: string, claims: Readonly<Record<string, unknown>>): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: type, kid: this.thumbprint })
      .sign(this.privateKey);
  }
}

/** The one way of writing a call (JCS, RFC 8785). @throws {TypeError} for a number that not every parser reads alike */
function canonical({ action, arguments: input }: Call): string {
  return canonicalize({ action, arguments: plain(input) }) ?? '';
}

/** As it arrives: what JSON leaves out is not there. */
function plain(input: Call['arguments']): unknown {
  return JSON.parse(
    JSON.stringify(input, (name, value: unknown) => {
      const isNumber = typeof value === 'number';
      if (isNumber && (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))))
        throw new TypeError(`${name}: ${value} is a number that not every parser reads alike; send it as text`);
      return value;
    }),
  );
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
