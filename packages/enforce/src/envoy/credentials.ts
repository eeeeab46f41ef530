import type { TlsOptions } from 'node:tls';
import { experimental, ServerCredentials } from '@grpc/grpc-js';

type Material = Pick<TlsOptions, 'cert' | 'key' | 'ca'>;

/** The certificate of this side, with the authority of those of its clients. */
export interface EnvoyCertificate {
  readonly options: Material;
  /** Registers a listener for a certificate that was renewed. */
  onRenewed(changed: (options: Material) => void): void;
}

/** Returns credentials that take no client without a certificate of the authority, and follow a renewed certificate. */
export function mutualTls(certificate: EnvoyCertificate): ServerCredentials {
  const provider = new Provider(certificate.options);
  certificate.onRenewed((options) => provider.renew(options));
  return experimental.createCertificateProviderServerCredentials(provider, provider, true);
}

/** Returns credentials for a socket whose place says who may connect. */
export function placeAlone(): ServerCredentials {
  return ServerCredentials.createInsecure();
}

class Provider implements experimental.CertificateProvider {
  private readonly ofCa = new Set<experimental.CaCertificateUpdateListener>();
  private readonly ofIdentity = new Set<experimental.IdentityCertificateUpdateListener>();

  constructor(private options: Material) {}

  renew(options: Material): void {
    this.options = options;
    for (const listener of this.ofCa) listener(this.ca);
    for (const listener of this.ofIdentity) listener(this.identity);
  }

  addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.ofCa.add(listener);
    // The server adds it before it is ready to be called.
    queueMicrotask(() => listener(this.ca));
  }

  removeCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.ofCa.delete(listener);
  }

  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.ofIdentity.add(listener);
    queueMicrotask(() => listener(this.identity));
  }

  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.ofIdentity.delete(listener);
  }

  private get ca(): experimental.CaCertificateUpdate {
    return { caCertificate: this.options.ca as Buffer };
  }

  private get identity(): experimental.IdentityCertificateUpdate {
    return { certificate: this.options.cert as Buffer, privateKey: this.options.key as Buffer };
  }
}
