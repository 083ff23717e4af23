// The pass over services: a cluster for each, and its endpoints where they travel by themselves. In the order of the services.
import type { Service } from '../model/types.ts';
import { compileCluster } from './cluster.ts';
import { compileEndpoints, isResolvedByEnvoy, knownEndpoints } from './endpoints.ts';
import { memoised } from './memo.ts';
import { nameOfService } from './names.ts';
import { type LocatedResource, locateInCluster, locateInEndpoints } from './source-map.ts';

export interface ServiceResources {
  readonly clusters: readonly LocatedResource[];
  readonly assignments: readonly LocatedResource[];
}

export function createServicePass(): (services: readonly Service[]) => ServiceResources {
  const clusterOf = memoised(locateCluster);
  const assignmentOf = memoised(locateAssignment);
  return (services) => ({
    clusters: services.map(clusterOf),
    assignments: services.filter((service) => !isResolvedByEnvoy(service)).map(assignmentOf),
  });
}

function locateCluster(service: Service): LocatedResource {
  const { name, path } = service;
  return {
    resource: { kind: 'Cluster', name: nameOfService(name), message: compileCluster(service), path },
    locate: locateInCluster(service),
  };
}

function locateAssignment(service: Service): LocatedResource {
  const { name, path } = service;
  return {
    resource: {
      kind: 'ClusterLoadAssignment',
      name: nameOfService(name),
      message: compileEndpoints(service, knownEndpoints(service)),
      path,
    },
    locate: locateInEndpoints(service),
  };
}
