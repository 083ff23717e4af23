// What a map of the Redis store tells of itself (P27).
import type { BoundedMap } from '../../lib/bounded-map.ts';
import type { CacheCounts } from '../cache-counts.ts';

/** Read when somebody asks. */
export function mapCounts(cache: string, map: BoundedMap<string, unknown>): CacheCounts {
  return {
    cache,
    bytes: 0,
    get entries() {
      return map.size;
    },
    get hits() {
      return map.hits;
    },
    get misses() {
      return map.misses;
    },
    get evictions() {
      return map.evictions;
    },
  };
}
