// Keys of issuers for all workers, fetched in the supervisor (J7).
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { KeyFeed } from './key-feed.ts';
import type { KeyParcel } from './key-parcel.ts';

export interface KeyFeedOptions {
  readonly dev: boolean;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function keyFeed(_options: KeyFeedOptions): (onChange: (parcel: KeyParcel) => void) => KeyFeed {
  return () => ({
    watch: () => {},
    parcels: () => [],
    wanted: () => Promise.resolve(false),
    tried: () => Promise.resolve(),
    providers: () => [],
    stop: () => {},
  });
}
