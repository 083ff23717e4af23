// The filter that delays and fails requests on purpose. Off until a route brings a fault (D11).
import type { Fault, FaultAbort } from '../../model/fault.ts';
import { any } from '../../proto/any.ts';
import { duration } from '../../proto/duration.ts';
import type { FaultAbort as FaultAbortMessage } from '../../proto/generated/envoy/extensions/filters/http/fault/v3/FaultAbort.ts';
import type { HTTPFault } from '../../proto/generated/envoy/extensions/filters/http/fault/v3/HTTPFault.ts';
import { compilePercent } from '../percent.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';

export const FAULT_FILTER = 'envoy.filters.http.fault';

export const fault: HttpFilterCompiler = {
  appliesTo: 'all',
  compileFilter: () => ({ name: FAULT_FILTER, typed_config: any('envoy.extensions.filters.http.fault.v3.HTTPFault', {}), disabled: true }),
};

/** What a route says to the filter. */
export function compileFault({ delay, abort }: Fault): HTTPFault {
  return {
    ...(delay === undefined ? {} : { delay: { fixed_delay: duration(delay.fixedMs), percentage: compilePercent(delay.percent) } }),
    ...(abort === undefined ? {} : { abort: compileAbort(abort) }),
  };
}

function compileAbort({ kind, status, percent }: FaultAbort): FaultAbortMessage {
  return { ...(kind === 'http' ? { http_status: status } : { grpc_status: status }), percentage: compilePercent(percent) };
}
