// Faults on purpose: delays and failures for a share of the requests of a route.
import type { FaultConfig } from '../config/schema/fault.ts';
import * as defaults from './defaults.ts';
import type { Fault, FaultAbort } from './fault.ts';

type GrpcStatus = NonNullable<NonNullable<FaultConfig['abort']>['grpcStatus']>;

/** The numbers of gRPC's status codes. */
const GRPC_STATUS_NUMBERS: Readonly<Record<GrpcStatus, number>> = {
  cancelled: 1,
  unknown: 2,
  'invalid-argument': 3,
  'deadline-exceeded': 4,
  'not-found': 5,
  'already-exists': 6,
  'permission-denied': 7,
  'resource-exhausted': 8,
  'failed-precondition': 9,
  aborted: 10,
  'out-of-range': 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  'data-loss': 15,
  unauthenticated: 16,
};

export function resolveFault({ delay, abort }: FaultConfig): Fault {
  return {
    ...(delay === undefined ? {} : { delay: { fixedMs: delay.fixed, percent: delay.percent ?? defaults.FAULT_PERCENT } }),
    ...(abort === undefined ? {} : { abort: resolveAbort(abort) }),
  };
}

function resolveAbort({ status, grpcStatus, percent = defaults.FAULT_PERCENT }: NonNullable<FaultConfig['abort']>): FaultAbort {
  return grpcStatus === undefined
    ? { kind: 'http', status: status ?? defaults.FAULT_STATUS, percent }
    : { kind: 'grpc', status: GRPC_STATUS_NUMBERS[grpcStatus], percent };
}
