// Who may call a companion beyond this machine (authz G15): proxies whose certificate bears one of the given names. To anybody else it would
// tell which tokens and keys are good.
import { status } from '@grpc/grpc-js';
import type { Access, Denial, Peer } from '../grpc/access.ts';
import { alternativeNames, nameMatches } from '../grpc/certificate-names.ts';

/** `*` stands for one label of a DNS name or one segment of a URI. At least one name: an empty list would let nobody in. */
export function clientNames(templates: readonly string[]): Access {
  const admit = (peer: Peer): Denial | undefined => {
    if (peer.getAuthContext().sslPeerCertificate === undefined)
      return { code: status.UNAUTHENTICATED, details: 'a client certificate of an authority that this server trusts is needed' };
    const names = alternativeNames(peer);
    if (templates.some((template) => names.some((name) => nameMatches(template, name)))) return undefined;
    const listed = names.map(({ kind, value }) => `${kind}:${value}`).join(', ') || 'none';
    return { code: status.PERMISSION_DENIED, details: `the names of the client certificate (${listed}) are not allowed here` };
  };
  return { admit, permit: admit };
}
