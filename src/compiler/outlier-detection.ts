// Ejection of endpoints that fail → Envoy's OutlierDetection. Only what the user wrote ejects: Envoy's success-rate ejection, which its
// mere presence switches on (G20), is switched off.
import type { OutlierDetection } from '../model/types.ts';
import { duration } from '../proto/duration.ts';
import type { OutlierDetection as OutlierDetectionMessage } from '../proto/generated/envoy/config/cluster/v3/OutlierDetection.ts';

const ALWAYS = { value: 100 };
const NEVER = { value: 0 };

export function compileOutlierDetection(detection: OutlierDetection): OutlierDetectionMessage {
  const { consecutiveGatewayFailures: gatewayFailures, consecutiveLocalOriginFailures: localFailures } = detection;
  return {
    consecutive_5xx: { value: detection.consecutive5xx },
    ...(gatewayFailures === undefined
      ? {}
      : { consecutive_gateway_failure: { value: gatewayFailures }, enforcing_consecutive_gateway_failure: ALWAYS }),
    ...(localFailures === undefined
      ? {}
      : {
          split_external_local_origin_errors: true,
          consecutive_local_origin_failure: { value: localFailures },
          enforcing_local_origin_success_rate: NEVER,
        }),
    enforcing_success_rate: NEVER,
    interval: duration(detection.intervalMs),
    base_ejection_time: duration(detection.baseEjectionTimeMs),
    max_ejection_time: duration(detection.maxEjectionTimeMs),
    max_ejection_percent: { value: detection.maxEjectionPercent },
    // 10 % of five endpoints is none: without this a small service would never eject anything.
    always_eject_one_host: { value: detection.maxEjectionPercent > 0 },
  };
}
