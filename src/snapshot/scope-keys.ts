// Scopes whose keys are equal: Envoy refuses the whole response that brings them, so they are found before (R25).
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { TypeUrl } from './types.ts';

/** A scope and the earlier one that has its key. */
export interface EqualScopes {
  readonly name: string;
  readonly earlier: string;
}

export function findEqualScopes(
  resources: readonly { readonly typeUrl: TypeUrl; readonly name: string; readonly message: object }[],
): readonly EqualScopes[] {
  const names = new Map<string, string>();
  const found: EqualScopes[] = [];
  for (const { typeUrl, name, message } of resources) {
    if (typeUrl !== TYPE_URLS.ScopedRouteConfiguration || !('key' in message)) continue;
    const key = JSON.stringify(message.key);
    const earlier = names.get(key);
    if (earlier === undefined) names.set(key, name);
    else found.push({ name, earlier });
  }
  return found;
}
