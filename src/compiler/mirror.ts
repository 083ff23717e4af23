// Copies of requests to another service, whose answers nobody waits for.
import type { ForwardAction } from '../model/types.ts';
import type { _envoy_config_route_v3_RouteAction_RequestMirrorPolicy as MirrorPolicy } from '../proto/generated/envoy/config/route/v3/RouteAction.ts';
import type { FractionalPercent } from '../proto/generated/envoy/type/v3/FractionalPercent.ts';
import { nameOfService } from './names.ts';

type Mirror = ForwardAction['mirrors'][number];

const PARTS_PER_PERCENT = 10_000;

/** The copy carries the Host of the original; Envoy would append `-shadow`, which virtual hosts do not know. */
export function compileMirror(mirror: Mirror): MirrorPolicy {
  return {
    cluster: nameOfService(mirror.service),
    runtime_fraction: { default_value: compilePercent(mirror.percent) },
    disable_shadow_host_suffix_append: true,
  };
}

function compilePercent(percent: number): FractionalPercent {
  return Number.isInteger(percent)
    ? { numerator: percent, denominator: 'HUNDRED' }
    : { numerator: Math.round(percent * PARTS_PER_PERCENT), denominator: 'MILLION' };
}
