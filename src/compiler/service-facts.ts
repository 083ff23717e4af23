// The little that routes must know of a service: everything else of it may change without a route message being made again.
import type { HashKey, Service } from '../model/types.ts';
import { memoised } from './memo.ts';

export interface ServiceFacts {
  readonly isGrpc: boolean;
  /** Absent: the service does not balance by a hash. */
  readonly hashKey?: HashKey;
  /** Equal for equal facts. */
  readonly key: string;
}

/** Computed once for each service object. */
export const factsOf = memoised((service: Service): ServiceFacts => {
  const isGrpc = service.protocol === 'grpc';
  const { loadBalancer } = service;
  const hashKey = loadBalancer.kind === 'maglev' || loadBalancer.kind === 'ringHash' ? loadBalancer.by : undefined;
  return { isGrpc, ...(hashKey === undefined ? {} : { hashKey }), key: `${isGrpc}${JSON.stringify(hashKey)}` };
});
