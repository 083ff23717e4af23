// How each xDS resource type behaves on the wire: one row per type (table of the xDS notes, section 1). Knows no resource contents.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { TypeUrl, TypeView } from '../snapshot/types.ts';
import { emptyView } from './views.ts';

export interface TypeRules {
  readonly typeUrl: TypeUrl;
  /** Short name for logs and metrics, such as `Cluster`; `other` for types we do not know. */
  readonly label: string;
  /** Order of sending on one stream: what is referred to goes before what refers to it (X75). */
  readonly rank: number;
  /** An empty first list means "everything" (X39, X59). */
  readonly hasLegacyWildcard: boolean;
  /** State-of-the-world responses hold every covered resource, and absence deletes (X47, X49). */
  readonly isFullState: boolean;
  /** A resuming delta client is not sent again what it names at an equal version (X57). */
  readonly resumes: boolean;
  /** On a state-of-the-world stream nothing of it exists (X2, X9). */
  readonly isDeltaOnly: boolean;
  /** Asked for by route configuration and by host, and answered under other names (R20, R21). */
  readonly hasHosts: boolean;
  /** Kept on offer for a while after the target dropped it, until nothing refers to it (D6). */
  readonly lingers: boolean;
  /** What a client knows at first, and what it gets of a type that the snapshot lacks. */
  readonly empty: TypeView;
}

/** Ranks up to this one are offered at once: clusters and what they need (D6 "make"). Above it stand the types that refer to clusters. */
export const MAKE_RANK = 2;

/** The rank of clusters, whose ACK the referring types wait for (D7). */
export const CLUSTER_RANK = 1;

/** The rank of extension configs, whose ACK routes that name them wait for: these switch on what must be there (authz C6, D5). */
export const EXTENSION_RANK = 3;

/** Unknown types come last (X9). */
export const LAST_RANK = 8;

const DEFAULTS = { hasLegacyWildcard: false, isFullState: false, resumes: false, isDeltaOnly: false, hasHosts: false, lingers: false };

const ROWS: readonly TypeRules[] = [
  row('Runtime', 0, { lingers: true }),
  row('Secret', 0, { lingers: true }),
  row('Cluster', CLUSTER_RANK, { hasLegacyWildcard: true, isFullState: true, resumes: true, lingers: true }),
  row('ClusterLoadAssignment', 2, { lingers: true }),
  row('LbEndpoint', 2, { isDeltaOnly: true, lingers: true }),
  row('TypedExtensionConfig', EXTENSION_RANK, { lingers: true }),
  row('Listener', 4, { hasLegacyWildcard: true, isFullState: true, resumes: true }),
  row('ScopedRouteConfiguration', 5, { hasLegacyWildcard: true, isFullState: true, resumes: true }),
  row('RouteConfiguration', 6, { resumes: true, lingers: true }),
  // For companions alone (authz D1).
  row('AuthPolicy', 0, { hasLegacyWildcard: true, resumes: true }),
  row('ApiKeySet', 0, { hasLegacyWildcard: true, resumes: true }),
  row('RateLimitTable', 0, { hasLegacyWildcard: true, resumes: true }),
  row('VirtualHost', 7, { isDeltaOnly: true, hasHosts: true }),
];

const BY_URL: ReadonlyMap<TypeUrl, TypeRules> = new Map(ROWS.map((rules) => [rules.typeUrl, rules]));

/** Parent type → types whose resources its resources name; those are sent again after a change of the parent (X78, X81, R22). */
const CHILDREN: ReadonlyMap<TypeUrl, readonly TypeUrl[]> = new Map([
  [TYPE_URLS.Cluster, [TYPE_URLS.ClusterLoadAssignment, TYPE_URLS.Secret]],
  [TYPE_URLS.Listener, [TYPE_URLS.Secret]],
  [TYPE_URLS.RouteConfiguration, [TYPE_URLS.VirtualHost]],
]);

/** The row of a type; for an unknown type URL one that asks for nothing by itself. */
export function typeRules(typeUrl: TypeUrl): TypeRules {
  return BY_URL.get(typeUrl) ?? { ...DEFAULTS, typeUrl, label: 'other', rank: LAST_RANK, empty: emptyView(typeUrl) };
}

export function childTypes(typeUrl: TypeUrl): readonly TypeUrl[] {
  return CHILDREN.get(typeUrl) ?? [];
}

/** Types that name resources of this type. */
export function parentTypes(typeUrl: TypeUrl): readonly TypeUrl[] {
  return [...CHILDREN].flatMap(([parent, children]) => (children.includes(typeUrl) ? [parent] : []));
}

function row(label: keyof typeof TYPE_URLS, rank: number, traits: Partial<typeof DEFAULTS>): TypeRules {
  const typeUrl = TYPE_URLS[label];
  return { ...DEFAULTS, typeUrl, label, rank, empty: emptyView(typeUrl), ...traits };
}
