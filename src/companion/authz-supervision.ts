// The half of the authz companion that lives with the supervisor: keys of issuers, fetched once for all workers (J7), and their counts.

import type { KeyParcel } from '../authz/jwks/key-parcel.ts';
import type { KeyOwner } from '../authz/jwks/key-source.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuthzToWorker } from './authz-messages.ts';
import { AuthzMetrics } from './authz-metrics.ts';
import type { AsideFromWorker } from './companion-messages.ts';
import type { KeyFeed, ProviderStatus } from './key-feed.ts';
import type { Supervision } from './supervision.ts';

/** How long a companion that knows its policies waits for keys before it serves (authz G13). */
const TRIED_WITHIN_MS = 5_000;

export interface AuthzSupervisionPorts {
  readonly metrics: Metrics;
  readonly broadcast: (body: AuthzToWorker) => void;
  /** `onChange`: the keys of one provider changed. */
  readonly createKeyFeed: (onChange: (parcel: KeyParcel) => void) => KeyFeed;
}

export class AuthzSupervision implements Supervision {
  readonly #keys: KeyFeed;
  readonly #counts: AuthzMetrics;
  readonly #metrics: Metrics;
  /** Providers by worker: one that starts anew may be a step behind the others. */
  readonly #owners = new Map<number, readonly KeyOwner[]>();

  constructor({ metrics, broadcast, createKeyFeed }: AuthzSupervisionPorts) {
    this.#metrics = metrics;
    this.#counts = new AuthzMetrics(metrics);
    this.#keys = createKeyFeed((parcel) => broadcast({ kind: 'keys', parcel }));
  }

  /** What a worker that starts must know before its first check. */
  greeting(): readonly AuthzToWorker[] {
    return this.#keys.parcels().map((parcel) => ({ kind: 'keys', parcel }));
  }

  receive(body: AsideFromWorker, answer: (body: AuthzToWorker) => void, worker: number): void {
    switch (body.kind) {
      case 'owners':
        this.#owners.set(worker, body.owners);
        return this.#keys.watch([...this.#owners.values()].flat());
      case 'wanted':
        return void this.#keys.wanted(body.owner).then((found) => answer({ kind: 'wanted.done', id: body.id, answer: found }));
      case 'counts':
        return this.#counts.add(worker, body.counts);
      case 'limits.answer':
      case 'limits.metrics':
      case 'limits.status':
        return;
    }
  }

  /** Resolves when each issuer's keys were tried, or after 5 s: one sick issuer must not keep the others' requests out. */
  async tried(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TRIED_WITHIN_MS);
    });
    await Promise.race([this.#keys.tried(), timeUp]);
    clearTimeout(timer);
  }

  providers(): readonly ProviderStatus[] {
    return this.#keys.providers();
  }

  refreshGauges(): void {
    const ages = new Map<string, number>();
    for (const { issuer, ageSeconds } of this.providers())
      if (ageSeconds !== undefined) ages.set(issuer, Math.max(ages.get(issuer) ?? 0, ageSeconds));
    this.#metrics.replace(
      'chancery_jwks_age_seconds',
      [...ages].map(([issuer, age]) => [{ issuer }, age] as const),
    );
  }

  stop(): void {
    this.#keys.stop();
  }
}
