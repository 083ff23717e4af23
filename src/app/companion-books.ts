// What the companions of all gateways are to have, a book for each gateway and role. Holds; decides nothing.
import type { GonePolicy } from '../delivery/policy-book.ts';
import { isForCompanions, PolicyBook } from '../delivery/policy-book.ts';
import { COMPANION_ROLES } from '../delivery/policy-needs.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';
import { audienceOfCompanions } from '../xds/node.ts';

export class CompanionBooks {
  readonly #books = new Map<string, Readonly<Record<CompanionRole, PolicyBook>>>();

  has(gateway: string): boolean {
    return this.#books.has(gateway);
  }

  gateways(): readonly string[] {
    return [...this.#books.keys()];
  }

  /** Makes it where there is none. */
  of(gateway: string, role: CompanionRole): PolicyBook {
    const bookOf = (each: CompanionRole): PolicyBook => new PolicyBook(audienceOfCompanions(gateway, each), each);
    const known = this.#books.get(gateway) ?? { authz: bookOf('authz'), ratelimit: bookOf('ratelimit') };
    this.#books.set(gateway, known);
    return known[role];
  }

  /** What an earlier run kept; each book takes its own. */
  restore(gateway: string, gone: readonly GonePolicy[]): void {
    for (const role of COMPANION_ROLES) this.of(gateway, role).restore(gone);
  }

  nextDeadlines(): readonly (number | undefined)[] {
    return [...this.#books.values()].flatMap((books) => COMPANION_ROLES.map((role) => books[role].nextDeadlineMs()));
  }

  gone(): ReadonlyMap<string, readonly GonePolicy[]> {
    return new Map(
      [...this.#books].map(([gateway, { authz, ratelimit }]) => [
        gateway,
        [...authz.gone, ...ratelimit.gone].filter(({ resource }) => isForCompanions(resource)),
      ]),
    );
  }
}
