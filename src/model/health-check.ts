// Active health checks, defaulted.
import type { HealthCheckConfig } from '../config/schema/health-check.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import type { HealthCheck } from './types.ts';

export function resolveHealthCheck(config: HealthCheckConfig, path: ConfigPath): HealthCheck {
  return {
    path,
    check: resolveCheck(config),
    intervalMs: config.interval ?? defaults.HEALTH_CHECK.intervalMs,
    timeoutMs: config.timeout ?? defaults.HEALTH_CHECK.timeoutMs,
    unhealthyThreshold: config.unhealthyThreshold ?? defaults.HEALTH_CHECK.unhealthyThreshold,
    healthyThreshold: config.healthyThreshold ?? defaults.HEALTH_CHECK.healthyThreshold,
  };
}

function resolveCheck({ http, grpc }: HealthCheckConfig): HealthCheck['check'] {
  if (http !== undefined) {
    const detailed = typeof http === 'string' ? { path: http } : http;
    return {
      kind: 'http',
      requestPath: detailed.path,
      ...(detailed.host === undefined ? {} : { host: detailed.host }),
      expectedStatuses: detailed.statuses ?? defaults.HEALTHY_STATUSES,
    };
  }
  if (grpc === undefined) {
    return { kind: 'tcp' };
  }
  const { service, authority } = grpc === true ? {} : grpc;
  return { kind: 'grpc', ...(service === undefined ? {} : { service }), ...(authority === undefined ? {} : { authority }) };
}
