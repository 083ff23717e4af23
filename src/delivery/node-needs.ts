// What a revision needs of the Envoys themselves, and which of them lack it: such a node is not offered the revision and goes on with what it has.
// Pure; knows no waves.
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot, SnapshotResource } from '../snapshot/types.ts';
import type { ClientNode } from '../xds/node.ts';

export interface NodeNeeds {
  /** Any Envoy can run it. */
  areNone(snapshot: Snapshot): boolean;
  /** Why the node cannot run it and what would help, as a sentence without its subject and full stop; undefined: it can. */
  unmetBy(node: ClientNode, snapshot: Snapshot): string | undefined;
}

type NodeNeed = 'fleet' | 'safeDebits';

/** The filter whose limits are divided over all proxies (ratelimit R213); an empty place has another type. */
const FLEET_FILTER = 'filter/limit-fleet';
const LOCAL_RATE_LIMIT = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
/** The first good patch of each minor version that has a bad one: CVE-2026-26330 (ratelimit R207). Those before the first are all bad. */
const SAFE_PATCHES: ReadonlyMap<number, number> = new Map([
  [34, 13],
  [35, 8],
  [36, 5],
  [37, 1],
]);
const FIRST_MINOR = Math.min(...SAFE_PATCHES.keys());
const LAST_MINOR = Math.max(...SAFE_PATCHES.keys());

export function createNodeNeeds(api: Pick<EnvoyApi, 'decode'>): NodeNeeds {
  const known = new WeakMap<Snapshot, readonly NodeNeed[]>();
  const tables = new WeakMap<SnapshotResource, boolean>();
  const takesAtEnd = (table: SnapshotResource): boolean => {
    const before = tables.get(table);
    if (before !== undefined) return before;
    const { value } = api.decode('google.protobuf.Any', table.any);
    const { limits } = api.decode('chancery.policy.v1.RateLimitTable', Buffer.from(value ?? ''));
    const takes = (limits ?? []).some(({ takes_at_end: each }) => each === true);
    tables.set(table, takes);
    return takes;
  };
  const needsOf = (snapshot: Snapshot): readonly NodeNeed[] => {
    const before = known.get(snapshot);
    if (before !== undefined) return before;
    const fleet = snapshot.views.get(TYPE_URLS.TypedExtensionConfig)?.resources.get(FLEET_FILTER);
    const table = [...(snapshot.views.get(TYPE_URLS.RateLimitTable)?.resources.values() ?? [])];
    const needs: readonly NodeNeed[] = [
      ...(fleet?.any.includes(LOCAL_RATE_LIMIT) === true ? (['fleet'] as const) : []),
      ...(table.some(takesAtEnd) ? (['safeDebits'] as const) : []),
    ];
    known.set(snapshot, needs);
    return needs;
  };
  return {
    areNone: (snapshot) => needsOf(snapshot).length === 0,
    unmetBy: (node, snapshot) => {
      if (node.isGrpc || node.companion !== undefined) return undefined;
      for (const need of needsOf(snapshot)) {
        const reason = need === 'fleet' ? lacksFleet(node) : crashesOnDebits(node);
        if (reason !== undefined) return reason;
      }
      return undefined;
    },
  };
}

function lacksFleet({ knowsFleet }: ClientNode): string | undefined {
  if (knowsFleet === true) return undefined;
  return 'has a bootstrap without the cluster of all proxies, by which limits with per: fleet are divided; start it with a new one: chancery bootstrap';
}

function crashesOnDebits({ version }: ClientNode): string | undefined {
  const [major, minor = 0, patch = 0] = (version ?? '').split('.').map(Number);
  if (major !== 1 || minor > LAST_MINOR || patch >= (SAFE_PATCHES.get(minor) ?? Number.POSITIVE_INFINITY)) return undefined;
  const remedy = minor < FIRST_MINOR ? `1.${FIRST_MINOR}.${SAFE_PATCHES.get(FIRST_MINOR)}` : `1.${minor}.${SAFE_PATCHES.get(minor)}`;
  return `is Envoy ${version}, which may crash on limits with cost: {response: …} (CVE-2026-26330); upgrade it to ${remedy} or later`;
}
