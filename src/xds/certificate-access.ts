// Access by client certificate (O8): one of the certificate's alternative names must allow the gateway that the client claims, so that
// nobody fetches another fleet's secrets. Whether the certificate is genuine was decided by TLS.
import { status } from '@grpc/grpc-js';
import type { Access, ClaimedNode, Peer } from '../grpc/access.ts';

/**
 * Names that allow a gateway: `{gateway}` and `{node}` stand for what the client claims, `*` for one label of a DNS name or one segment of a
 * URI. A template with `://` is for URI names, another for DNS names.
 */
export const DEFAULT_NAME_TEMPLATES: readonly string[] = ['{gateway}', '*.{gateway}', 'spiffe://*/gateway/{gateway}'];

export function certificateAccess(templates: readonly string[] = DEFAULT_NAME_TEMPLATES): Access {
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
      if (templates.some((template) => names.some((name) => allows(template, name, node)))) return undefined;
      const listed = names.map(({ kind, value }) => `${kind}:${value}`).join(', ') || 'none';
      return {
        code: status.PERMISSION_DENIED,
        details: `the certificate's names (${listed}) do not allow node "${node.id}" of gateway "${node.cluster}"`,
      };
    },
  };
}

interface AlternativeName {
  readonly kind: 'DNS' | 'URI';
  readonly value: string;
}

/** Node quotes names with characters that no honest name has; those are passed over. */
const NAME = /(?:^|, )([\w ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?=, |$)/g;

function alternativeNames(peer: Peer): readonly AlternativeName[] {
  const text = peer.getAuthContext().sslPeerCertificate?.subjectaltname ?? '';
  return [...text.matchAll(NAME)].flatMap(([, kind, value = '']) =>
    (kind === 'DNS' || kind === 'URI') && value !== '' && !value.startsWith('"') ? [{ kind, value }] : [],
  );
}

function allows(template: string, name: AlternativeName, node: ClaimedNode): boolean {
  const isUri = template.includes('://');
  if (isUri !== (name.kind === 'URI')) return false;
  const one = isUri ? '[^/]+' : '[^.]+';
  const pattern = template
    .split(/(\{gateway\}|\{node\}|\*)/)
    .map((part) => (part === '*' ? one : escapeRegex(part === '{gateway}' ? node.cluster : part === '{node}' ? node.id : part)))
    .join('');
  // DNS names have no case; a name in a wildcard certificate is no client's name.
  return !name.value.includes('*') && new RegExp(`^${pattern}$`, isUri ? '' : 'i').test(name.value);
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
