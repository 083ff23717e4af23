// Key sets fetched from their issuers by this process, for policies that proxies enforce themselves (authz C5). Only joins parts.
import { fetchKeySet } from '../authz/jwks/fetch-key-set.ts';
import { KeyStore } from '../authz/jwks/key-store.ts';
import { fetchListener, type KeyFeedOptions } from '../companion/authz-key-feed.ts';
import { afterMs } from '../lib/after-ms.ts';
import type { CreateFetchedKeys } from './fetched-keys.ts';

export function issuerKeys(options: KeyFeedOptions): CreateFetchedKeys {
  return (onChange) => {
    const store = new KeyStore({
      ...options,
      fetch: fetchKeySet,
      after: afterMs,
      onChange: () => onChange(),
      onFetched: fetchListener(options),
    });
    return {
      watch: (owners) => store.watch(owners),
      keySetOf: (owner) => {
        const { text, fetchedAtMs } = store.provider(owner) ?? {};
        return text === undefined || fetchedAtMs === undefined ? undefined : { text, fetchedAtMs };
      },
      tried: () => store.tried(),
      stop: () => store.stop(),
    };
  };
}
