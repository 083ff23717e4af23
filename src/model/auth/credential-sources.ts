// Where requests carry credentials, in one spelling, and whether two places are the same one.
import type { CredentialSourceConfig } from '../../config/schema/credential.ts';
import type { CredentialSource } from './types.ts';

/** In the order written. A missing prefix is an empty one. */
export function credentialSources(
  config: readonly CredentialSourceConfig[] | undefined,
  general: readonly CredentialSource[],
): readonly CredentialSource[] {
  return config?.flatMap(sourceOf) ?? general;
}

function sourceOf({ header, prefix, cookie, query }: CredentialSourceConfig): readonly CredentialSource[] {
  if (header !== undefined) return [{ kind: 'header', name: header.toLowerCase(), prefix: prefix ?? '' }];
  if (cookie !== undefined) return [{ kind: 'cookie', name: cookie }];
  return query === undefined ? [] : [{ kind: 'query', name: query }];
}

/** The place that both read; a prefix makes no other place (A2). */
export function sharedSource(left: readonly CredentialSource[], right: readonly CredentialSource[]): CredentialSource | undefined {
  return left.find(({ kind, name }) => right.some((other) => other.kind === kind && other.name === name));
}

/** `the header authorization`. */
export function sourceText({ kind, name }: CredentialSource): string {
  return kind === 'query' ? `the query parameter ${name}` : `the ${kind} ${name}`;
}
