import { readFileSync } from 'node:fs';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { messageOf } from '@writ/sdk/lib/message-of';
import { CertificateError } from './errors.js';

/** Files of a server certificate, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** The authority of client certificates; with it, a client can authenticate by a certificate of that authority. */
  readonly clientCa?: string | undefined;
}

type Material = Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'>;

/** The certificate of a server, and the servers that present it. It is read from its files again when they change. */
export class ServerCertificate {
  private texts: readonly Buffer[];
  private readonly renewed: ((options: Material) => void)[] = [];

  /** @throws {CertificateError} if a file cannot be read, or the key is not that of the certificate */
  constructor(private readonly files: TlsFiles) {
    this.texts = this.read();
  }

  get options(): Material {
    const [cert, key, ca] = this.texts;
    return { cert, key, ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: false }) };
  }

  onRenewed(changed: (options: Material) => void): void {
    this.renewed.push(changed);
  }

  /**
   * Reads the files again, and presents what they have from the next connection on.
   *
   * @returns whether they have changed
   * @throws {CertificateError} if they cannot be used; what was read before stays in use
   */
  renew(): boolean {
    const texts = this.read();
    if (texts.every((text, i) => text.equals(this.texts[i] as Buffer))) return false;
    this.texts = texts;
    for (const changed of this.renewed) changed(this.options);
    return true;
  }

  private read(): readonly Buffer[] {
    const { cert, key, clientCa } = this.files;
    try {
      const texts = [cert, key, ...(clientCa === undefined ? [] : [clientCa])].map((file) => readFileSync(file));
      const [certText, keyText, ca] = texts;
      createSecureContext({ cert: certText, key: keyText, ...(ca === undefined ? {} : { ca }) });
      return texts;
    } catch (cause) {
      throw new CertificateError(
        `the certificate ${cert} with the key ${key} cannot be used: ${messageOf(cause)}`,
        'name PEM files that this process can read, of one certificate and its private key',
        { cause },
      );
    }
  }
}
