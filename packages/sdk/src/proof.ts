import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** A key pair of this process, and proofs that it has it (DPoP, RFC 9449). The private key cannot be taken out. */
export class ProofKey {
  private constructor(
    private readonly privateKey: CryptoKey,
    private readonly publicJwk: JWK,
  ) {}

  static async make(): Promise<ProofKey> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: false });
    return new ProofKey(privateKey, await exportJWK(publicKey));
  }

  /** A proof for one request, and, with a token, about that token. */
  async prove(method: string, url: string, token?: string): Promise<string> {
    const { origin, pathname } = new URL(url);
    const ath = token === undefined ? {} : { ath: await sha256(token) };
    return new SignJWT({ jti: crypto.randomUUID(), htm: method, htu: origin + pathname, ...ath })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.publicJwk })
      .setIssuedAt()
      .sign(this.privateKey);
  }
}

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString('base64url');
}
