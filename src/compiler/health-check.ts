// An active health check → Envoy's HealthCheck.
import type { HealthCheck, Service } from '../model/types.ts';
import { duration } from '../proto/duration.ts';
import type { HealthCheck as HealthCheckMessage } from '../proto/generated/envoy/config/core/v3/HealthCheck.ts';
import { withoutFinalDot } from './host-name.ts';

/** The Host of the check is, in this order: the one written, each endpoint's own (endpoints.ts), never Envoy's cluster name (B29). */
export function compileHealthCheck(service: Service, health: HealthCheck): HealthCheckMessage {
  const interval = duration(health.intervalMs);
  return {
    timeout: duration(health.timeoutMs),
    interval,
    // Envoy would check a service without traffic once a minute, and so notice its recovery late.
    no_traffic_interval: interval,
    unhealthy_threshold: { value: health.unhealthyThreshold },
    healthy_threshold: { value: health.healthyThreshold },
    ...compileChecker(service, health.check),
  };
}

/** The Host that all endpoints of a service are checked with; undefined: each has its own. */
export function writtenCheckHost(check: HealthCheck['check']): string | undefined {
  switch (check.kind) {
    case 'http':
      return check.host;
    case 'grpc':
      return check.authority;
    case 'tcp':
      return undefined;
  }
}

function compileChecker(service: Service, check: HealthCheck['check']): HealthCheckMessage {
  const host = writtenCheckHost(check);
  switch (check.kind) {
    case 'tcp':
      return { tcp_health_check: {} };
    case 'grpc':
      return {
        grpc_health_check: {
          ...(check.service === undefined ? {} : { service_name: check.service }),
          ...(host === undefined ? {} : { authority: withoutFinalDot(host) }),
        },
      };
    case 'http':
      return {
        http_health_check: {
          path: check.requestPath,
          ...(host === undefined ? {} : { host: withoutFinalDot(host) }),
          // Envoy's ranges leave their end out.
          expected_statuses: check.expectedStatuses.map(({ from, to }) => ({ start: from, end: to + 1 })),
          ...(service.protocol === 'h2' || service.protocol === 'grpc' ? { codec_client_type: 'HTTP2' } : {}),
        },
        // Where TLS negotiates the protocol, the check must offer what it speaks itself.
        ...(service.protocol === 'auto' && service.tls !== undefined ? { tls_options: { alpn_protocols: ['http/1.1'] } } : {}),
      };
  }
}
