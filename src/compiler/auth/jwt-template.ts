// What the compiled policies of a gateway ask of its jwt_authn filter, as data that waits for keys (C4, C5).
import { keySetText, parseKeySet } from '../../lib/jose/key-set.ts';
import type { AuthModel, JwtProvider } from '../../model/auth/types.ts';
import { compareText } from '../compare-text.ts';
import type { JwtTemplate, JwtTemplateKeys, JwtTemplateProvider } from '../filters/jwt-keys.ts';
import { nameOfRequirement } from '../names.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { compileJwtProvider, nameOfProviderVersion } from './jwt-provider.ts';
import { isTokenAlone, jwtProvidersOf, providerGroupsOf } from './policy-parts.ts';

/** Undefined where no compiled policy reads a token. */
export function compileJwtTemplate(policies: readonly CompiledPolicy[], auth: AuthModel): JwtTemplate | undefined {
  const reading = policies.filter(({ form, policy }) => form === 'proxy' && jwtProvidersOf(policy, auth).length > 0);
  if (reading.length === 0) return undefined;
  const providers = new Map(
    reading.flatMap(({ policy }) => jwtProvidersOf(policy, auth)).map((provider) => [nameOfProviderVersion(provider), provider]),
  );
  return {
    providers: [...providers].map(([id, provider]) => compileProvider(id, provider)).sort((a, b) => compareText(a.id, b.id)),
    requirements: reading
      .map(({ policy, version }) => ({
        name: nameOfRequirement(policy.name, version),
        groups: providerGroupsOf(jwtProvidersOf(policy, auth)).map((group) => group.map(nameOfProviderVersion)),
        isOptional: !isTokenAlone(policy, auth),
      }))
      .sort((a, b) => compareText(a.name, b.name)),
  };
}

function compileProvider(id: string, provider: JwtProvider): JwtTemplateProvider {
  const { name, issuer, algorithms } = provider;
  return { id, provider: name, issuer, algorithms: [...algorithms], keys: compileKeys(provider), settings: compileJwtProvider(provider) };
}

function compileKeys({ keys, algorithms }: JwtProvider): JwtTemplateKeys {
  switch (keys.kind) {
    case 'url':
    case 'discovery': {
      const { kind, url, cacheForMs, timeoutMs, serveStaleForMs, ca } = keys;
      return { kind, url, cacheForMs, timeoutMs, serveStaleForMs, ...(ca === undefined || ca.kind === 'system' ? {} : { ca: ca.pem }) };
    }
    case 'inline': {
      const set = parseKeySet(keys.jwks, algorithms);
      return { kind: 'inline', ...(set.ok && set.value.keys.length > 0 ? { jwks: keySetText(set.value.keys) } : {}) };
    }
    case 'secret':
      // Never compiled (form.ts).
      return { kind: 'inline' };
    default:
      return keys satisfies never;
  }
}
