// Which resources a changed cluster or listener names, so that they can be sent again after it (X78-X81). Looks into ready bytes only
// as far as it must; naming too many costs bandwidth, naming too few stalls a warming cluster.
import { TYPE_URLS } from '../proto/type-urls.ts';
import { delimitedText, readDelimited } from '../proto/wire.ts';
import type { SnapshotResource, TypeUrl } from '../snapshot/types.ts';
import { routeConfigurationOf } from './virtual-hosts.ts';

/** Comparisons of one name with one resource that are worth while; beyond it every name counts as named. */
const MAX_COMPARISONS = 50_000;

/** Of `names` (those that a client asked for) the ones of type `child` that the changed resources name. */
export function childNames(changed: readonly SnapshotResource[], child: TypeUrl, names: Iterable<string>): Iterable<string> {
  if (child === TYPE_URLS.ClusterLoadAssignment) return changed.map(assignmentOf);
  if (child === TYPE_URLS.VirtualHost) return hostsOf(changed, [...names]);
  return namedIn(changed, [...names]);
}

/** What was asked for of these route configurations: all of them, or single hosts (R22). */
function hostsOf(changed: readonly SnapshotResource[], names: readonly string[]): readonly string[] {
  const owners = new Set(changed.map(({ name }) => name));
  return names.filter((name) => owners.has(name) || owners.has(routeConfigurationOf(name)));
}

/** Whether the resource holds the name as a value. */
export function mentions(resource: SnapshotResource, name: string): boolean {
  return resource.any.includes(delimitedText(name));
}

function namedIn(resources: readonly SnapshotResource[], names: readonly string[]): readonly string[] {
  if (resources.length * names.length > MAX_COMPARISONS) return names;
  return names.filter((name) => {
    const needle = delimitedText(name);
    return resources.some(({ any }) => any.includes(needle));
  });
}

const assignments = new WeakMap<SnapshotResource, string>();

/** `eds_cluster_config.service_name` of the cluster, else its name: what it asks endpoints for, if it asks at all. */
export function assignmentOf(cluster: SnapshotResource): string {
  const name = assignments.get(cluster) ?? (serviceName(cluster) || cluster.name);
  assignments.set(cluster, name);
  return name;
}

function serviceName({ any }: SnapshotResource): string {
  const value = readDelimited(any, 2);
  const config = value && readDelimited(value, 3);
  return (config && readDelimited(config, 2))?.toString('utf8') ?? '';
}
