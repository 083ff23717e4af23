// Who may do what on the xDS port (T10, O8): asked by every method. The rule itself is handed in; without one everybody is welcome.
import type { PeerCertificate } from 'node:tls';
import type { status } from '@grpc/grpc-js';

/** Where a call came from: a gRPC call, or an HTTP request in the same words. */
export interface Peer {
  /** The client's certificate, if it has one that we trust. */
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate };
}

export interface Denial {
  readonly code: status.UNAUTHENTICATED | status.PERMISSION_DENIED;
  readonly details: string;
}

/** What a client says it is. */
export interface ClaimedNode {
  readonly id: string;
  /** Equals the gateway. */
  readonly cluster: string;
  /** Present: it says that it is a companion, which gets what proxies do not. */
  readonly companion?: object;
}

export interface Access {
  /** Why the peer may not call anything; undefined: it may. Asked when a call begins. */
  admit(peer: Peer): Denial | undefined;
  /** Why the peer may not act as the node, or read what is its; undefined: it may. Asked when the node is known. */
  permit(peer: Peer, node: ClaimedNode): Denial | undefined;
}

/** For plain text, where nobody can be told from another. */
export const OPEN_ACCESS: Access = { admit: () => undefined, permit: () => undefined };
