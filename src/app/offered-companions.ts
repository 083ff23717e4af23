// Which companions proxies are sent to, by gateway and role: those that have what proxies may ask for, and of those that count in memory one
// (authz D5, ratelimit R603). Joins the book with what the rollouts offer; knows no streams.
import type { CompanionBook } from '../delivery/companion-book.ts';
import type { GatedRollouts } from '../delivery/gated-rollouts.ts';
import { COMPANION_ROLES, servedNames } from '../delivery/policy-needs.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';
import type { CompanionBooks } from './companion-books.ts';
import type { CompanionReport } from './companion-report.ts';
import { countsInMemory } from './limit-store.ts';

export interface OfferedCompanionsOptions {
  readonly api: Pick<EnvoyApi, 'decode'>;
  readonly book: CompanionBook;
  readonly books: CompanionBooks;
  readonly rollouts: Pick<GatedRollouts, 'offers'>;
  readonly report: Pick<CompanionReport, 'spare'>;
}

export class OfferedCompanions {
  readonly #options: OfferedCompanionsOptions;
  readonly #endpoints = new Map<string, readonly string[]>();

  constructor(options: OfferedCompanionsOptions) {
    this.#options = options;
  }

  /** As written, sorted. */
  endpoints(gateway: string, role: CompanionRole): readonly string[] {
    return this.#endpoints.get(keyOf(gateway, role)) ?? [];
  }

  /** Whether proxies are to be sent elsewhere than before. */
  update(gateway: string, nowMs: number): boolean {
    const changed = COMPANION_ROLES.filter((role) => {
      const endpoints = this.#look(gateway, role, nowMs);
      const before = this.endpoints(gateway, role);
      if (before.join(' ') === endpoints.join(' ')) return false;
      this.#endpoints.set(keyOf(gateway, role), endpoints);
      return true;
    });
    return changed.length > 0;
  }

  /** What proxies may ask for: of what nodes are offered, not of what waits at the gate. */
  requiredOf(gateway: string, role: CompanionRole): readonly string[] {
    return [...new Set(this.#offered(gateway).flatMap((snapshot) => servedNames(snapshot, role)))];
  }

  #look(gateway: string, role: CompanionRole, nowMs: number): readonly string[] {
    const { book, report } = this.#options;
    const spare = (): ReadonlySet<string> =>
      new Set(book.all(gateway).flatMap((each) => (each.role === role && each.isSpare ? [each.id] : [])));
    const before = spare();
    const isSole = role === 'ratelimit' && this.#countsInMemory(gateway);
    const endpoints = book.look({ gateway, role }, { required: this.requiredOf(gateway, role), isSole }, nowMs);
    for (const id of spare()) if (!before.has(id)) report.spare({ gateway, role, id });
    return endpoints;
  }

  /** The limiters count by the newest table; until proxies are done with an older one, those that counted in memory by it may be asked. */
  #countsInMemory(gateway: string): boolean {
    const { api, books } = this.#options;
    const snapshots = [...this.#offered(gateway), ...(books.has(gateway) ? [books.of(gateway, 'ratelimit').snapshot] : [])];
    return snapshots.some((snapshot) => countsInMemory(snapshot, api));
  }

  #offered(gateway: string): readonly Snapshot[] {
    const { good, underWay } = this.#options.rollouts.offers(gateway);
    return [good, underWay].flatMap((offer) => (offer === undefined ? [] : [offer.snapshot]));
  }
}

function keyOf(gateway: string, role: CompanionRole): string {
  return `${role} ${gateway}`;
}
