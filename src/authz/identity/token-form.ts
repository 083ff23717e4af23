// A token taken apart: three canonical segments, strict JSON in two of them (authz A3-A5). Proves nothing.
import { isCanonicalBase64url } from '../../lib/jose/base64url.ts';
import { type JsonObject, parseStrictJson } from '../../lib/jose/strict-json.ts';
import type { JwtSettings } from '../policy/settings.ts';
import type { AuthReason } from '../reason.ts';
import type { KnownHeaders } from './known-headers.ts';

export interface TokenForm {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signature: Buffer;
  /** What was signed. */
  readonly signed: Buffer;
}

const MOST_HEADER_CHARACTERS = Math.ceil((2_048 * 4) / 3);
/** Of header and claims alike. */
export const TOKEN_LIMITS = { depth: 16, members: 256 };

/** The reason where the text is no token that the provider could have issued. Sizes are checked before anything is split or parsed (A3). */
export function tokenForm(
  token: string,
  { maxTokenBytes }: Pick<JwtSettings, 'maxTokenBytes'>,
  headers: KnownHeaders,
): TokenForm | AuthReason {
  if (token.length > maxTokenBytes) return 'jwt.oversized';
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first <= 0 || second <= first + 1 || second === token.length - 1 || token.includes('.', second + 1)) return 'jwt.malformed';
  const [header, payload, signature] = [token.slice(0, first), token.slice(first + 1, second), token.slice(second + 1)];
  if (header.length > MOST_HEADER_CHARACTERS) return 'jwt.malformed';
  const headerObject = headers.read(header);
  if (headerObject === undefined || !isCanonicalBase64url(payload) || !isCanonicalBase64url(signature)) return 'jwt.malformed';
  const claims = parseStrictJson(Buffer.from(payload, 'base64url'), TOKEN_LIMITS);
  if (claims === undefined) return 'jwt.malformed';
  return {
    header: headerObject,
    claims,
    signature: Buffer.from(signature, 'base64url'),
    signed: Buffer.from(token.slice(0, second), 'latin1'),
  };
}
