// The names in a client's certificate, and patterns that allow them. Whether the certificate is genuine was decided by TLS.
import type { Peer } from './access.ts';

export interface AlternativeName {
  readonly kind: 'DNS' | 'URI';
  readonly value: string;
}

/** Node quotes names with characters that no honest name has; those are passed over. */
const NAME = /(?:^|, )([\w ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?=, |$)/g;

export function alternativeNames(peer: Peer): readonly AlternativeName[] {
  const text = peer.getAuthContext().sslPeerCertificate?.subjectaltname ?? '';
  return [...text.matchAll(NAME)].flatMap(([, kind, value = '']) =>
    (kind === 'DNS' || kind === 'URI') && value !== '' && !value.startsWith('"') ? [{ kind, value }] : [],
  );
}

/**
 * Whether the template allows the name. `*` stands for one label of a DNS name or one segment of a URI; the keys of `placeholders`, such as
 * `{gateway}`, for their values. A template with `://` is for URI names, another for DNS names.
 */
export function nameMatches(template: string, name: AlternativeName, placeholders: ReadonlyMap<string, string> = new Map()): boolean {
  const isUri = template.includes('://');
  if (isUri !== (name.kind === 'URI')) return false;
  const one = isUri ? '[^/]+' : '[^.]+';
  const pattern = template
    .split(/(\{\w+\}|\*)/)
    .map((part) => (part === '*' ? one : escapeRegex(placeholders.get(part) ?? part)))
    .join('');
  // DNS names have no case; a name in a wildcard certificate is no client's name.
  return !name.value.includes('*') && new RegExp(`^${pattern}$`, isUri ? '' : 'i').test(name.value);
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
