// What the header of a token must say (authz A6-A9). Of members that name keys or addresses nothing is ever read.
import { isKid } from '../../lib/jose/jwk-lint.ts';
import type { JsonObject } from '../../lib/jose/strict-json.ts';
import type { JwtSettings } from '../policy/settings.ts';
import type { AuthReason } from '../reason.ts';

export interface TokenHeader {
  readonly algorithm: string;
  readonly kid: string | undefined;
}

/** Members that change what the rest means. */
const REFUSED_MEMBERS = ['crit', 'b64', 'zip'];
/** Types of tokens that are never for access (A8). */
const REFUSED_TYPES: ReadonlySet<string> = new Set(['dpop+jwt', 'logout+jwt', 'secevent+jwt']);

export function tokenHeader(
  header: JsonObject,
  { algorithms, types }: Pick<JwtSettings, 'algorithms' | 'types'>,
): TokenHeader | AuthReason {
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string') return 'jwt.malformed';
  if (!algorithms.includes(alg)) return 'jwt.algorithm';
  if (REFUSED_MEMBERS.some((member) => Object.hasOwn(header, member))) return 'jwt.malformed';
  if (kid !== undefined && !isKid(kid)) return 'jwt.malformed';
  return isAccepted(typ, types) ? { algorithm: alg, kid } : 'jwt.type';
}

function isAccepted(typ: unknown, types: readonly string[]): boolean {
  // RFC 7515: without typ it is an ordinary JWT.
  if (typ === undefined) return types.includes('jwt');
  if (typeof typ !== 'string') return false;
  // ASCII alone, as Envoy folds: U+212A would become a k.
  const type = typ.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/^application\//, '');
  return !REFUSED_TYPES.has(type) && types.includes(type);
}
