// Copies of requests to another service, whose answers nobody waits for.
import type { ForwardAction } from '../model/types.ts';
import type { _envoy_config_route_v3_RouteAction_RequestMirrorPolicy as MirrorPolicy } from '../proto/generated/envoy/config/route/v3/RouteAction.ts';
import { nameOfService } from './names.ts';
import { compilePercent } from './percent.ts';

type Mirror = ForwardAction['mirrors'][number];

/** The copy carries the Host of the original; Envoy would append `-shadow`, which virtual hosts do not know. */
export function compileMirror(mirror: Mirror): MirrorPolicy {
  return {
    cluster: nameOfService(mirror.service),
    runtime_fraction: { default_value: compilePercent(mirror.percent) },
    disable_shadow_host_suffix_append: true,
  };
}
