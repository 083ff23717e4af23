// What the companions of one role of one gateway are to have (authz D6): everything that its present revisions name, and for ten minutes what they
// named before. A state machine without clock and I/O; of the snapshots it looks at what is for companions only.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import { snapshotVersion, typeView } from '../snapshot/view.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';

/** Routes that proxies hold longer than this, because they cannot be reached, answer by their failure mode (authz D7). */
export const POLICY_KEEP_MS = 600_000;

/** No name of a secret that proxies use begins so. */
const SECRET_PREFIX = 'secret/';

const OWN_TYPES: readonly TypeUrl[] = [TYPE_URLS.AuthPolicy, TYPE_URLS.ApiKeySet, TYPE_URLS.RateLimitTable];

/** Of the secrets for companions those of the rate limiter begin so: no companion gets the other's. */
const LIMIT_SECRET_PREFIX = `${SECRET_PREFIX}rateLimit/`;

const TYPES_OF: Readonly<Record<CompanionRole, readonly TypeUrl[]>> = {
  authz: [TYPE_URLS.AuthPolicy, TYPE_URLS.ApiKeySet],
  ratelimit: [TYPE_URLS.RateLimitTable],
};

/** No present revision names it. */
export interface GonePolicy {
  readonly resource: SnapshotResource;
  readonly goneAtMs: number;
}

/** Whether companions get the resource, and proxies do not (authz D1). */
export function isForCompanions({ typeUrl, name }: Pick<SnapshotResource, 'typeUrl' | 'name'>): boolean {
  return OWN_TYPES.includes(typeUrl) || (typeUrl === TYPE_URLS.Secret && name.startsWith(SECRET_PREFIX));
}

/** Whether companions of this role get it. */
function isFor(role: CompanionRole, { typeUrl, name }: Pick<SnapshotResource, 'typeUrl' | 'name'>): boolean {
  if (typeUrl !== TYPE_URLS.Secret) return TYPES_OF[role].includes(typeUrl);
  return name.startsWith(SECRET_PREFIX) && name.startsWith(LIMIT_SECRET_PREFIX) === (role === 'ratelimit');
}

export class PolicyBook {
  readonly #audience: string;
  readonly #role: CompanionRole;
  /** In the order of their type URLs, as in every snapshot. */
  readonly #types: readonly TypeUrl[];
  /** By type and name. */
  readonly #gone = new Map<string, GonePolicy>();
  #present: ReadonlyMap<string, SnapshotResource> = new Map();
  #snapshot: Snapshot;

  /** `audience`: the name that its snapshots have. */
  constructor(audience: string, role: CompanionRole = 'authz') {
    this.#audience = audience;
    this.#role = role;
    this.#types = [...TYPES_OF[role], TYPE_URLS.Secret].sort();
    this.#snapshot = this.#made();
  }

  /** The same object as long as nothing changed. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get gone(): readonly GonePolicy[] {
    return [...this.#gone.values()];
  }

  /** What an earlier run kept, before the first `update`. */
  restore(gone: readonly GonePolicy[]): void {
    for (const each of gone) if (isFor(this.#role, each.resource)) this.#gone.set(keyOf(each.resource), each);
    this.#snapshot = this.#made();
  }

  /** `revisions`: those that a proxy may be told to reach, the newest first: of two that have the same name the newer one counts (authz D4). */
  update(revisions: readonly Snapshot[], nowMs: number): void {
    const present = new Map<string, SnapshotResource>();
    for (const { views } of revisions.toReversed()) {
      for (const typeUrl of this.#types) {
        for (const resource of views.get(typeUrl)?.resources.values() ?? [])
          if (isFor(this.#role, resource)) present.set(keyOf(resource), resource);
      }
    }
    for (const [key, resource] of this.#present) if (!present.has(key)) this.#gone.set(key, { resource, goneAtMs: nowMs });
    for (const [key, { goneAtMs }] of this.#gone) if (present.has(key) || nowMs >= goneAtMs + POLICY_KEEP_MS) this.#gone.delete(key);
    this.#present = present;
    this.#snapshot = this.#made(this.#snapshot);
  }

  /** When `update` is to be called although no revision came or went. */
  nextDeadlineMs(): number | undefined {
    const ends = [...this.#gone.values()].map(({ goneAtMs }) => goneAtMs + POLICY_KEEP_MS);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  #made(before?: Snapshot): Snapshot {
    const gone = [...this.#gone.values()].map(({ resource }) => resource);
    const all = [...gone, ...this.#present.values()];
    const views = this.#types.map((typeUrl) => viewOf(typeUrl, all, before?.views.get(typeUrl)));
    if (before !== undefined && views.every((view) => before.views.get(view.typeUrl) === view)) return before;
    const byType = new Map(views.map((view) => [view.typeUrl, view]));
    return Object.freeze({ gateway: this.#audience, version: snapshotVersion(views), views: byType });
  }
}

function viewOf(typeUrl: TypeUrl, resources: readonly SnapshotResource[], before: TypeView | undefined): TypeView {
  return typeView(
    typeUrl,
    resources.filter((resource) => resource.typeUrl === typeUrl),
    before,
  );
}

function keyOf({ typeUrl, name }: SnapshotResource): string {
  return `${typeUrl}\0${name}`;
}
