// The resources that are served, without secrets (C7): a list with versions; with a name asked for, content and place too.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SnapshotResource } from '../../snapshot/types.ts';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import { redactResource } from '../redact.ts';
import type { AdminSources } from '../sources.ts';

const resourcesQuery = z.strictObject({ gateway: z.string().optional(), type: z.string().optional(), name: z.string().optional() });

type ResourcesQuery = z.output<typeof resourcesQuery>;

interface Served {
  readonly gateway: string;
  readonly resource: SnapshotResource;
}

export function addResourceRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/api/v1/resources', async (request) => {
    const query = parseQuery(resourcesQuery, request.query);
    const found = servedResources(sources, query);
    // Content and place take time to find, and thousands of them would hold up the streams: they are given where a name narrows it down.
    if (query.name === undefined) return { resources: found.map(summary) };
    return { resources: await Promise.all(found.map((served) => detail(sources, served))) };
  });
}

function servedResources(sources: AdminSources, query: ResourcesQuery): readonly Served[] {
  const gateways = [...sources.snapshots.gateways()].sort();
  if (query.gateway !== undefined && !gateways.includes(query.gateway)) {
    throw new AdminProblem(404, `no gateway "${query.gateway}" is served; there are: ${gateways.join(', ') || 'none'}`);
  }
  return gateways
    .filter((gateway) => query.gateway === undefined || gateway === query.gateway)
    .flatMap((gateway) => [...(sources.snapshots.get(gateway)?.views.values() ?? [])].map((view) => ({ gateway, view })))
    .filter(({ view }) => query.type === undefined || view.typeUrl === query.type || shortType(view.typeUrl) === query.type)
    .flatMap(({ gateway, view }) => [...view.resources.values()].map((resource) => ({ gateway, resource })))
    .filter(({ resource }) => query.name === undefined || resource.name === query.name);
}

function summary({ gateway, resource: { typeUrl, name, version, any } }: Served): object {
  return { gateway, type: shortType(typeUrl), typeUrl, name, version, bytes: any.length };
}

async function detail(sources: AdminSources, served: Served): Promise<object> {
  const { gateway, resource } = served;
  const source = await sources.placeOf(gateway, resource.typeUrl, resource.name);
  const message = sources.api.decode('google.protobuf.Any', resource.any);
  const json = sources.api.toJson('google.protobuf.Any', message);
  return { ...summary(served), ...(source === undefined ? {} : { source }), resource: redactResource(resource.typeUrl, json) };
}

/** `Cluster` for `type.googleapis.com/envoy.config.cluster.v3.Cluster`. */
function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
