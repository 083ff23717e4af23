// What providers of tokens have in common: issuer, audiences, places, claims.
import type { IntrospectionConfig } from '../../config/schema/introspection.ts';
import type { JwtProviderConfig } from '../../config/schema/jwt-provider.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import type { Report } from '../issue.ts';
import { credentialSources } from './credential-sources.ts';
import * as defaults from './defaults.ts';
import { forwardedHeaders } from './forwarded-headers.ts';
import type { IntrospectionProvider, JwtProvider } from './types.ts';

type Common = Pick<
  JwtProvider & IntrospectionProvider,
  'issuer' | 'audiences' | 'maxTokenBytes' | 'from' | 'scopeClaim' | 'forwardClaims' | 'keepCredential'
>;

export function tokenSettings(config: JwtProviderConfig | IntrospectionConfig, path: ConfigPath, report: Report): Common {
  const { issuer, audiences, maxTokenBytes, from, scopeClaim, forwardClaims, credential } = config;
  return {
    issuer,
    audiences: typeof audiences === 'string' ? audiences : sortedOnce(audiences),
    maxTokenBytes: maxTokenBytes ?? defaults.MAX_TOKEN_BYTES,
    from: credentialSources(from, defaults.TOKEN_SOURCES),
    scopeClaim: scopeClaim ?? defaults.SCOPE_CLAIM,
    forwardClaims: forwardedHeaders(forwardClaims, [...path, 'forwardClaims'], report).map(({ header, told }) => ({ header, claim: told })),
    keepCredential: credential === 'keep',
  };
}

/** By code units, each once. */
export function sortedOnce<Text extends string>(texts: readonly Text[] | undefined): readonly Text[] {
  return [...new Set(texts)].sort();
}
