// Secrets that companions need → SDS secrets, which policies name and never hold (authz D4). They go to companions alone.
import type { ConfigPath } from '../lib/issue.ts';
import type { Secret } from '../lib/secret.ts';
import type { AuthModel, AuthPolicy } from '../model/auth/types.ts';
import { leavesOf } from './auth/policy-parts.ts';
import { nameOfApiKeyPepper, nameOfIntrospectionSecret, nameOfJwtSecret } from './names.ts';
import type { LocatedResource } from './source-map.ts';

/** Keys the hashes of subjects; the authz companion knows it by this name. */
const SUBJECT_KEY = 'secret/subjects';

/** Of what these policies use; each once. */
export function compileAuthSecrets(policies: readonly AuthPolicy[], auth: AuthModel): readonly LocatedResource[] {
  const leaves = policies.flatMap(({ rule }) => leavesOf(rule));
  const providers = new Set(leaves.flatMap((leaf) => (leaf.kind === 'jwt' ? leaf.providers : [])));
  const sources = new Set(leaves.flatMap((leaf) => (leaf.kind === 'apiKeys' ? [leaf.source] : [])));
  const asked = new Set(leaves.flatMap((leaf) => (leaf.kind === 'introspection' ? [leaf.provider] : [])));
  const { keySecret, path: companion } = auth.companion;
  return [
    ...(keySecret === undefined || policies.length === 0 ? [] : [located(SUBJECT_KEY, keySecret, companion)]),
    ...auth.jwt
      .filter(({ name }) => providers.has(name))
      .flatMap(({ name, keys, path }) => (keys.kind === 'secret' ? [located(nameOfJwtSecret(name), keys.secret, path)] : [])),
    ...auth.apiKeys
      .filter(({ name }) => sources.has(name))
      .flatMap(({ name, pepper, path }) => (pepper === undefined ? [] : [located(nameOfApiKeyPepper(name), pepper, path)])),
    ...auth.introspection
      .filter(({ name }) => asked.has(name))
      .map(({ name, client, path }) => located(nameOfIntrospectionSecret(name), client.secret, path)),
  ];
}

function located(name: string, secret: Secret, path: ConfigPath): LocatedResource {
  return { resource: { kind: 'Secret', name, message: { name, generic_secret: { secret: { inline_string: secret.reveal() } } }, path } };
}
