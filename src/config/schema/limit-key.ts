// What a limit counts by: parts of requests, in the words of the language (ratelimit R203).
import type { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { hasControlCharacter } from './control-character.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';
import { shape } from './shape.ts';
import { list, text } from './text.ts';

export type LimitKeyPart =
  | { readonly kind: 'clientIp' | 'route' | 'service' | 'method' | 'path' | 'grpcMethod' | 'apiKey'; readonly part: string }
  | { readonly kind: 'clientNet'; readonly part: string; readonly bits: number }
  /** In lower case. `values`: others count as missing. */
  | { readonly kind: 'header'; readonly part: string; readonly name: string; readonly values?: readonly string[] }
  | { readonly kind: 'query' | 'jwt' | 'const'; readonly part: string; readonly name: string };

const WORDS = {
  'client.ip': 'clientIp',
  route: 'route',
  service: 'service',
  method: 'method',
  path: 'path',
  'grpc.method': 'grpcMethod',
  'apiKey.id': 'apiKey',
} as const;
const KNOWN =
  'client.ip, client.net/N, header.NAME, query.NAME, jwt.CLAIM, apiKey.id, route, service, method, path, grpc.method, const.TEXT';
const NET = 'client.net/';
const MOST_BITS = 32;
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/** `client.ip`, `header.x-api-key`, `jwt.sub`. */
export function limitKeyPart(): Scalar<LimitKeyPart> {
  return scalar({ type: 'string', examples: [...Object.keys(WORDS), 'client.net/24', 'header.x-api-key', 'jwt.sub'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a part of requests such as client.ip', value);
    return parsePart(value);
  });
}

/** A header of which only some values are counted: `{header: x-tier, in: [gold, free]}`. */
export const listedHeaderSchema = shape({
  header: headerName().describe('Its name.'),
  in: list(text({ kind: 'a value of the header' })).describe('Values that are counted, each for itself; others count as missing.'),
});

export type ListedHeaderConfig = Immutable<z.output<typeof listedHeaderSchema>>;

/** `header.NAME`, for what a cost is read from. Gives the name in lower case. */
export function headerReference(): Scalar<string> {
  return scalar({ type: 'string', examples: ['header.x-tokens-used'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a header such as header.x-tokens-used', value);
    const name = value.startsWith('header.') ? value.slice('header.'.length) : '';
    return HEADER.test(name) ? ok(name.toLowerCase()) : wrong('CH1129', '{value} names no header', 'write header.NAME');
  });
}

function parsePart(part: string): ScalarOutcome<LimitKeyPart> {
  for (const [word, kind] of Object.entries(WORDS)) if (word === part) return ok({ kind, part });
  if (part.startsWith(NET)) return parseNet(part, part.slice(NET.length));
  const [, family, name = ''] = /^(header|query|jwt|const)\.(.+)$/s.exec(part) ?? [];
  if (hasControlCharacter(name)) return wrong('CH1129', 'a part of requests holds no control characters');
  switch (family) {
    case 'header':
      return HEADER.test(name)
        ? ok({ kind: 'header', part: part.toLowerCase(), name: name.toLowerCase() })
        : wrong('CH1129', '{value} names no header', 'write header.NAME');
    case 'query':
    case 'jwt':
    case 'const':
      return ok({ kind: family, part, name });
    case undefined:
    default:
      return wrong('CH1129', '{value} is no part of requests', meantPart(part) ?? `known are ${KNOWN}`);
  }
}

function parseNet(part: string, text: string): ScalarOutcome<LimitKeyPart> {
  const bits = Number(text);
  if (/^[0-9]{1,3}$/.test(text) && bits >= 1 && bits <= MOST_BITS) return ok({ kind: 'clientNet', part, bits });
  return wrong(
    'CH1129',
    '{value} is no part of requests',
    `write client.ip, or client.net/24: 1 to ${MOST_BITS} bits of IPv4, twice as many of IPv6`,
  );
}

const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ['ip', 'client.ip'],
  ['remote_address', 'client.ip'],
  ['client', 'client.ip'],
  ['user', 'jwt.sub'],
  ['sub', 'jwt.sub'],
  ['apikey', 'apiKey.id'],
  ['host', 'header.host'],
]);

function meantPart(part: string): string | undefined {
  const [family = '', ...rest] = part.split('.');
  const known = Object.keys(WORDS).find((word) => word.toLowerCase() === part.toLowerCase()) ?? OTHER_WORDS.get(part.toLowerCase());
  const meant = known ?? (family === 'claim' || family === 'claims' ? `jwt.${rest.join('.')}` : undefined);
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}
