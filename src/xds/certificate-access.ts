// Access by client certificate (O8): one of the certificate's alternative names must allow the gateway that the client claims, so that
// nobody fetches another fleet's secrets. Whether the certificate is genuine was decided by TLS.
import { status } from '@grpc/grpc-js';
import type { Access } from '../grpc/access.ts';
import { alternativeNames, nameMatches } from '../grpc/certificate-names.ts';

/**
 * Names that allow a gateway: `{gateway}` and `{node}` stand for what the client claims, `*` for one label of a DNS name or one segment of a
 * URI. A template with `://` is for URI names, another for DNS names.
 */
export const DEFAULT_NAME_TEMPLATES: readonly string[] = ['{gateway}', '*.{gateway}', 'spiffe://*/gateway/{gateway}'];

/** Names that allow a companion of the gateway, which gets the secrets of its policies (authz D4): no name of an Envoy is one by accident. */
export const DEFAULT_COMPANION_TEMPLATES: readonly string[] = [
  'companion.{gateway}',
  '*.companion.{gateway}',
  'spiffe://*/gateway/{gateway}/companion',
];

export interface NameTemplates {
  readonly clients?: readonly string[] | undefined;
  readonly companions?: readonly string[] | undefined;
}

export function certificateAccess({
  clients = DEFAULT_NAME_TEMPLATES,
  companions = DEFAULT_COMPANION_TEMPLATES,
}: NameTemplates = {}): Access {
  const admit: Access['admit'] = (peer) =>
    peer.getAuthContext().sslPeerCertificate === undefined
      ? { code: status.UNAUTHENTICATED, details: 'a client certificate of an authority that this server trusts is needed' }
      : undefined;
  return {
    admit,
    permit: (peer, node) => {
      const unknown = admit(peer);
      if (unknown !== undefined) return unknown;
      const names = alternativeNames(peer);
      const claims = new Map([
        ['{gateway}', node.cluster],
        ['{node}', node.id],
      ]);
      const isCompanion = node.companion !== undefined;
      const templates = isCompanion ? companions : clients;
      if (templates.some((template) => names.some((name) => nameMatches(template, name, claims)))) return undefined;
      const listed = names.map(({ kind, value }) => `${kind}:${value}`).join(', ') || 'none';
      return {
        code: status.PERMISSION_DENIED,
        details: `the certificate's names (${listed}) do not allow ${isCompanion ? 'companion' : 'node'} "${node.id}" of gateway "${node.cluster}"`,
      };
    },
  };
}
