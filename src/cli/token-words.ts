// What stands out in a token, in words: its times against the clock, and what a careful issuer does not do. Pure.
import type { JsonObject } from '../lib/jose/strict-json.ts';

/** For each of `exp`, `nbf`, `iat` that is a time: where it lies from now. */
export function timesOf(claims: JsonObject, nowMs: number): Readonly<Record<string, string>> {
  const now = Math.floor(nowMs / 1000);
  const words: [string, string][] = [];
  for (const name of ['iat', 'nbf', 'exp']) {
    const value = claims[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    words.push([name, timeWords(name, Math.floor(value) - now)]);
  }
  return Object.fromEntries(words);
}

function timeWords(name: string, ahead: number): string {
  const distance = distanceWords(Math.abs(ahead));
  if (name === 'exp') return ahead >= 0 ? `valid for ${distance}` : `expired ${distance} ago`;
  if (name === 'nbf') return ahead > 0 ? `not valid before ${distance} from now` : `valid since ${distance} ago`;
  return ahead > 0 ? `issued ${distance} from now` : `issued ${distance} ago`;
}

function distanceWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}

const SPECIAL_HEADERS = ['crit', 'b64', 'zip', 'jku', 'jwk', 'x5u'];

/** What no strict verifier takes, or what makes a token more dangerous than it needs to be. Never holds a value of the token. */
export function lintsOf({ header, claims }: { readonly header: JsonObject; readonly claims: JsonObject }): readonly string[] {
  const { alg, typ } = header;
  const special = SPECIAL_HEADERS.filter((member) => Object.hasOwn(header, member));
  const isUnsigned = typeof alg === 'string' && alg.toLowerCase() === 'none';
  return [
    ...(isUnsigned ? ['alg is none: nobody signed it, and nobody accepts it'] : []),
    ...(typeof alg === 'string' ? [] : ['the header has no alg']),
    ...(typ === undefined ? ['no typ: an ID token and an access token look alike; at+jwt tells them apart'] : []),
    ...(typeof claims['exp'] === 'number' ? [] : ['no exp: it would be valid for ever, and is refused']),
    ...(typeof claims['iss'] === 'string' ? [] : ['no iss: no provider is its issuer']),
    ...(claims['aud'] === undefined ? ['no aud: it is for anybody who gets hold of it'] : []),
    ...(special.length > 0 ? [`the header holds ${special.join(', ')}: crit, b64 and zip are refused, the others are never read`] : []),
  ];
}
