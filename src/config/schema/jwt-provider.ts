// Who issues JSON Web Tokens, how they are verified and what is told of their owner.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { claimPath, forwardClaimsSchema } from './claim.ts';
import { CREDENTIAL_FATE_HELP, credentialFate, credentialSourcesSchema } from './credential.ts';
import { duration, wholeSeconds } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { integer } from './number.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { secretText } from './secret-text.ts';
import { exactlyOne, excludes, type ShapeRule, shape } from './shape.ts';
import { list, text, word, yes } from './text.ts';
import { trustedCa } from './tls.ts';
import { webAddress } from './web-address.ts';

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
] as const;

/** A key set as JSON text, or as the map that it is. Gives the text. */
function keySet(): Scalar<string> {
  return scalar({}, (value) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return ok(JSON.stringify(value));
    if (typeof value !== 'string') return wrongType('a JSON Web Key Set', value);
    if (value.trimStart().startsWith('{')) return ok(value);
    return wrong('CH1125', 'this is not a JSON Web Key Set', 'it is {"keys": […]}; to read it from a file, write file: PATH');
  });
}

/** The word `any`, or the help for who forgot the brackets. */
export function anyWord(what: string): Scalar<'any'> {
  return scalar({ type: 'string', enum: ['any'] }, (value) =>
    value === 'any' ? ok('any') : wrongType('any', value, typeof value === 'string' ? `a list of ${what}: [{value}]` : undefined),
  );
}

export const audiencesSchema = z.union([anyWord('audiences'), list(text({ kind: 'an audience' }))]);

const FETCHING = ['cacheFor', 'timeout', 'serveStaleFor', 'ca'];
const fetchingOnly: ShapeRule = (value) => ['inline', 'file'].flatMap((key) => excludes(key, FETCHING, 'nothing is fetched')(value));

const jwksSchema = shape(
  {
    url: webAddress('the address of a key set').exactOptional().describe('Where the key set is fetched from: https://…'),
    discovery: yes().exactOptional().describe("The issuer's discovery document names the address (OpenID Connect, RFC 8414)."),
    file: keySet().exactOptional().describe('Path of a file with the key set, relative to the file that names it; watched.'),
    inline: keySet().exactOptional().describe('The key set itself: {keys: […]}.'),
    cacheFor: duration().exactOptional().describe('How long fetched keys are fresh. Default 5m.'),
    timeout: duration().exactOptional().describe('Time for one fetch. Default 2s.'),
    serveStaleFor: duration().exactOptional().describe('How much longer they serve while the issuer fails. Default 1h.'),
    ca: trustedCa().exactOptional().describe('Who must have signed the certificate of the issuer: system (default) or PEM text.'),
  },
  { rules: [exactlyOne('jwks', ['url', 'discovery', 'file', 'inline']), fetchingOnly], insteadOfScalar: 'write {url: {value}}' },
);

/** What a provider of tokens says whether it issues JWTs or answers introspection. */
export const tokenFields = {
  issuer: text({ kind: 'an issuer' }).describe('Who issues the tokens: exactly the text of their claim iss.'),
  audiences: audiencesSchema.describe('Of these the claim aud names one, exactly. any: whoever the token is for.'),
  maxTokenBytes: integer({ min: 64, max: 65_536 }, 'a number of bytes')
    .exactOptional()
    .describe('Longer tokens are refused. Default 8192.'),
  from: credentialSourcesSchema
    .exactOptional()
    .describe('Where requests carry the token. Default [{header: authorization, prefix: "Bearer "}].'),
  scopeClaim: claimPath().exactOptional().describe('The claim with the scopes: a text with spaces, or a list. Default scope.'),
  forwardClaims: forwardClaimsSchema.exactOptional(),
  credential: credentialFate().exactOptional().describe(CREDENTIAL_FATE_HELP),
};

export const jwtProviderSchema = shape(
  {
    ...tokenFields,
    algorithms: list(word(...ALGORITHMS))
      .exactOptional()
      .describe('Signature algorithms that are accepted. Default [RS256, ES256]. HS algorithms stand alone, with secret.'),
    types: list(text({ kind: 'a token type' }))
      .exactOptional()
      .describe('Values of typ that are accepted; JWT covers tokens without one. Default [at+jwt, JWT].'),
    clockSkew: wholeSeconds({ min: 1, max: 120 })
      .exactOptional()
      .describe('How far the clocks may differ: whole seconds, 1s to 120s. Default 30s.'),
    maxLifetime: wholeSeconds({ min: 1, max: 315_360_000 })
      .exactOptional()
      .describe('Tokens valid for longer are refused. Default: no limit.'),
    jwks: jwksSchema.exactOptional().describe('The keys that verify the tokens.'),
    secret: secretText('a secret').exactOptional().describe('The key of HS algorithms; usually "${file:/run/secrets/hs.key}".'),
  },
  { rules: [exactlyOne('a JWT provider', ['jwks', 'secret'])] },
).describe('An issuer of JSON Web Tokens.');

export type JwksConfig = Immutable<z.output<typeof jwksSchema>>;
export type JwtProviderConfig = Immutable<z.output<typeof jwtProviderSchema>>;
