// The little that routes must know of a service: everything else of it may change without a route message being made again.
import type { HashKey, Service } from '../model/types.ts';

export interface ServiceFacts {
  readonly isGrpc: boolean;
  /** Absent: the service does not balance by a hash. */
  readonly hashKey?: HashKey;
  /** Equal for equal facts. */
  readonly key: string;
}

const known = new WeakMap<Service, ServiceFacts>();

/** Computed once for each service object. */
export function factsOf(service: Service): ServiceFacts {
  const facts = known.get(service) ?? readFacts(service);
  known.set(service, facts);
  return facts;
}

function readFacts(service: Service): ServiceFacts {
  const isGrpc = service.protocol === 'grpc';
  const { loadBalancer } = service;
  const hashKey = loadBalancer.kind === 'maglev' || loadBalancer.kind === 'ringHash' ? loadBalancer.by : undefined;
  return { isGrpc, ...(hashKey === undefined ? {} : { hashKey }), key: `${isGrpc}${JSON.stringify(hashKey)}` };
}
