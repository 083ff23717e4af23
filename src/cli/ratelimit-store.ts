// Opens the store that `chancery ratelimit` counts in: memory for one instance, or Redis (ratelimit R601, R408).

import { ChanceryError } from '../lib/errors.ts';
import { MemoryStore } from '../ratelimit/memory/memory-store.ts';
import { StoreClock } from '../ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../ratelimit/store/store-listener.ts';
import type { CounterStore } from '../ratelimit/store.ts';
import type { RatelimitSettings } from './ratelimit-settings.ts';

export interface StoreContext {
  readonly keySecret: Uint8Array;
  readonly isOverloaded: () => boolean;
}

export function openStore({ redis }: RatelimitSettings, _context: StoreContext): CounterStore {
  const clock = new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() });
  if (redis !== undefined)
    throw new ChanceryError('ERR_USAGE', '--redis cannot be used yet', { remedy: 'leave it out: counters are kept in memory' });
  return new MemoryStore({ clock, listener: SILENT_LISTENER, random: Math.random });
}
