import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { messageOf } from '@writ/sdk/lib/message-of';
import { CertificateError } from './errors.js';

/** The paths of PEM files for connections that this process makes. */
export interface ClientTlsFiles {
  /** The authorities that the certificate of a server may be of; by default those of the system. */
  readonly ca?: string | undefined;
  /** Our certificate, and its private key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

type Material = Readonly<Partial<Record<keyof ClientTlsFiles, Buffer>>>;

const PARTS = ['ca', 'cert', 'key'] as const;
const MAX_BYTES = 1_048_576;
/** A certificate of a workload can end within the hour. */
const RENEW_MS = 30_000;

/** The certificates for connections that this process makes. They are read from their files again when a connection is made. */
export class ClientTls {
  private current: Material;
  private readAt: number;
  private fault: string | undefined;

  /**
   * @param warn receives why renewed files cannot be used, once for each reason; those of before stay in use
   * @throws {CertificateError} if a file cannot be read, or the key is not that of the certificate
   */
  constructor(
    private readonly files: ClientTlsFiles,
    private readonly warn: (message: string) => void = () => {},
    private readonly now: () => number = () => performance.now(),
  ) {
    this.current = clientTlsIn(files);
    this.readAt = now();
  }

  /** Returns the same object until the files have changed. */
  material(): Material {
    if (this.now() - this.readAt >= RENEW_MS) this.renew();
    return this.current;
  }

  private renew(): void {
    this.readAt = this.now();
    try {
      const read = clientTlsIn(this.files);
      this.fault = undefined;
      if (!PARTS.every((part) => isSame(read[part], this.current[part]))) this.current = read;
    } catch (error) {
      const why = messageOf(error);
      if (why !== this.fault) this.warn(`${why}; the files of before stay in use`);
      this.fault = why;
    }
  }
}

/** Reads the files. @throws {CertificateError} if they cannot be used */
export function clientTlsIn(files: ClientTlsFiles): Material {
  const read: Partial<Record<keyof ClientTlsFiles, Buffer>> = {};
  for (const part of PARTS) {
    const file = files[part];
    if (file !== undefined) read[part] = contentOf(file);
  }
  const { ca, cert, key } = read;
  if (ca !== undefined) usable(`${files.ca} is no certificate in PEM`, () => new X509Certificate(ca));
  if (cert !== undefined && key !== undefined)
    usable(`the certificate ${files.cert} with the key ${files.key} cannot be used`, () =>
      createSecureContext({ cert, key }),
    );
  return read;
}

function contentOf(file: string): Buffer {
  return usable(`${file} cannot be read`, () => {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > MAX_BYTES) throw new Error(`it is no file of at most ${MAX_BYTES} bytes`);
    return readFileSync(file);
  });
}

function usable<T>(message: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CertificateError(
      `${message}: ${messageOf(cause)}`,
      'name PEM files that this process can read: an authority, or a certificate and its private key',
      { cause },
    );
  }
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}
