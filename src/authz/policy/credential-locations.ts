// Where a policy looks for credentials, arranged by place: each header, cookie or query parameter once, with all who take something from it.
import type { CredentialSource, PolicySettings } from './settings.ts';

export type CredentialKind = 'jwt' | 'token' | 'apiKey';

export interface Taker {
  readonly kind: CredentialKind;
  /** As configured, such as `Bearer `; in lower case it is taken as well (A2). */
  readonly prefix: Buffer;
  readonly lowerPrefix: Buffer;
}

export interface CredentialLocation {
  readonly at: 'header' | 'cookie' | 'query';
  readonly name: string;
  readonly nameBytes: Buffer;
  /** Of different kinds or prefixes. */
  readonly takers: readonly Taker[];
}

export function credentialLocations({ jwt, introspection, apiKeys }: PolicySettings): readonly CredentialLocation[] {
  const found = new Map<string, { source: CredentialSource; takers: Map<string, Taker> }>();
  const add = (kind: CredentialKind, sources: readonly CredentialSource[]) => {
    for (const source of sources) {
      const key = `${source.kind} ${source.name}`;
      const entry = found.get(key) ?? { source, takers: new Map<string, Taker>() };
      const prefix = source.kind === 'header' ? source.prefix : '';
      entry.takers.set(`${kind} ${prefix}`, { kind, prefix: Buffer.from(prefix), lowerPrefix: Buffer.from(prefix.toLowerCase()) });
      found.set(key, entry);
    }
  };
  for (const { from } of jwt) add('jwt', from);
  for (const { from } of introspection) add('token', from);
  for (const { from } of apiKeys) add('apiKey', from);
  return [...found.values()].map(({ source: { kind, name }, takers }) => ({
    at: kind,
    name,
    nameBytes: Buffer.from(name),
    takers: [...takers.values()],
  }));
}
