// What a listener makes of a request path before routing: cleaned, answered with a redirect, or refused (authz H4, C3).
import type { PathHandling } from '../model/types.ts';

export type PathOutcome =
  | { readonly kind: 'routed'; readonly path: string }
  /** With a reason where the gateway's own filter says it; else by Envoy's parser, which answers 400 and says nothing. */
  | { readonly kind: 'refused'; readonly why: string; readonly reason?: 'request.path' }
  /** To the path with its slashes unescaped. */
  | { readonly kind: 'redirected'; readonly path: string };

const ESCAPED_SLASH = /%(?:2f|5c)/i;

/** `hasAuth`: the gateway has any auth, and with it the hygiene filter. */
export function requestPath(written: string, handling: PathHandling, hasAuth: boolean): PathOutcome {
  const { escapedSlashes, mergeSlashes, parameters } = handling;
  if (ESCAPED_SLASH.test(written) && escapedSlashes === 'reject') return { kind: 'refused', why: 'paths.escapedSlashes: reject' };
  const unescaped = escapedSlashes === 'unescape' || escapedSlashes === 'redirect' ? withSlashes(written) : written;
  if (/%00/.test(written)) return { kind: 'refused', why: 'the path holds a zero byte' };
  const path = normalized(unescaped);
  if (escapedSlashes === 'redirect' && ESCAPED_SLASH.test(written)) return { kind: 'redirected', path };
  if (parameters === 'reject' && hasAuth && /;|%3b/i.test(written)) {
    return { kind: 'refused', why: 'paths.parameters: reject', reason: 'request.path' };
  }
  return { kind: 'routed', path: mergeSlashes ? path.replaceAll(/\/{2,}/g, '/') : path };
}

function withSlashes(path: string): string {
  return path.replaceAll(/%(?:2f|5c)/gi, '/');
}

/** RFC 3986 §6.2: dot segments are resolved, letters and digits that were escaped stand for themselves, `\` is a slash. */
function normalized(path: string): string {
  const plain = path
    .replaceAll(/%([2-7][0-9A-Fa-f])/g, (text, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : text;
    })
    .replaceAll('\\', '/');
  const segments = plain.split('/').slice(1);
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (isLast) kept.push('');
  }
  return `/${kept.join('/')}`;
}
