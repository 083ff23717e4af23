// The request that is explained, as a proxy would see it. Text in, facts out; nothing is sent.
import { failed, ok, type Result } from '../lib/result.ts';

export interface ExplainedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Lower case, IPv6 in brackets, without port. */
  readonly host: string;
  /** What the URL says; absent: the scheme's own. */
  readonly port?: number;
  /** As written, before any cleaning; without the query. */
  readonly path: string;
  /** Names and values as they are sent, in order; the first of a name counts. */
  readonly query: readonly { readonly name: string; readonly value: string }[];
  /** Lower-case names; repeated ones are joined by a comma, as Envoy matches them. */
  readonly headers: ReadonlyMap<string, string>;
  /** Address of the connection; absent: not known. */
  readonly ip?: string;
}

/** `headers` are texts such as `x-team: shop`. The path stays as it is written: `URL` would clean it before the proxy could. */
export function readRequest(method: string, url: string, headers: readonly string[]): Result<ExplainedRequest, string> {
  const [, scheme, authority, path = '/', query] = /^(https?):\/\/([^/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(url) ?? [];
  if ((scheme !== 'http' && scheme !== 'https') || authority === undefined) {
    return failed(`"${url}" is not a URL: write http://HOST/PATH or https://HOST/PATH`);
  }
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^:@]+)(?::([0-9]{1,5}))?$/.exec(authority) ?? [];
  if (host === undefined) return failed(`"${authority}" is not a host, with a port or without`);
  const read = readHeaders(headers);
  if (!read.ok) return read;
  return ok({
    method,
    scheme,
    host: host.toLowerCase(),
    ...(port === undefined ? {} : { port: Number(port) }),
    path,
    query: query === undefined || query === '' ? [] : query.split('&').map(readParameter),
    headers: read.value,
  });
}

function readParameter(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=');
  return equals === -1 ? { name: text, value: '' } : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

function readHeaders(texts: readonly string[]): Result<ReadonlyMap<string, string>, string> {
  const headers = new Map<string, string>();
  for (const text of texts) {
    const [, written, value = ''] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? [];
    // The text may hold a credential: it is not repeated.
    if (written === undefined) return failed('a header is written -H "name: value"');
    const name = written.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return ok(headers);
}
