// TLS of the xDS port (T10): the server's certificate, and the authorities that vouch for clients. A new certificate counts for new
// connections only; files are read by whoever hands the texts in (B8).
import { ServerCredentials } from '@grpc/grpc-js';
import type { Secret } from '../lib/secret.ts';

/** PEM texts. */
export interface TlsMaterial {
  /** The certificate and what leads to its authority. */
  readonly cert: string;
  readonly key: Secret;
  /** Authorities of client certificates; absent: clients are not asked for one. */
  readonly clientCa?: string;
}

/** What Node's TLS servers take. */
export interface TlsServerOptions {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert: boolean;
  /** Whoever comes without a good certificate is told so by the protocol above, not by a broken connection. */
  readonly rejectUnauthorized: false;
}

export function tlsServerOptions({ cert, key, clientCa }: TlsMaterial): TlsServerOptions {
  return {
    cert,
    key: key.reveal(),
    ...(clientCa === undefined ? {} : { ca: clientCa }),
    requestCert: clientCa !== undefined,
    rejectUnauthorized: false,
  };
}

/** Credentials of a gRPC server whose certificate can be replaced. */
export class TransportSecurity extends ServerCredentials {
  #material: TlsMaterial;

  constructor(material: TlsMaterial) {
    const { requestCert, rejectUnauthorized, ...context } = tlsServerOptions(material);
    super({ requestCert, rejectUnauthorized }, context);
    this.#material = material;
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** For new connections. Whether clients are asked for certificates stays as it was. */
  replace(material: TlsMaterial): void {
    const { cert, key, ca } = tlsServerOptions(material);
    this.#material = material;
    this.updateSecureContextOptions({ cert, key, ...(ca === undefined ? {} : { ca }) });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
