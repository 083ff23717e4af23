// The access log → Envoy's AccessLog: one JSON object a line (operating.md §5). The query stays out of it: tokens travel there.
import type { AccessLog, Listener } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { AccessLog as AccessLogMessage } from '../proto/generated/envoy/config/accesslog/v3/AccessLog.ts';
import type { SubstitutionFormatString } from '../proto/generated/envoy/config/core/v3/SubstitutionFormatString.ts';
import { literalText } from './substitution-text.ts';

/** What each line says, in Envoy's command operators; null where there is nothing to say. */
const FIELDS = {
  time: '%START_TIME%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
  method: '%REQ(:METHOD)%',
  host: '%REQ(:AUTHORITY)%',
  path: '%PATH(NQ:ORIG_OR_PATH)%',
  protocol: '%PROTOCOL%',
  sni: '%REQUESTED_SERVER_NAME%',
  status: '%RESPONSE_CODE%',
  grpc_status: '%GRPC_STATUS_NUMBER%',
  flags: '%RESPONSE_FLAGS%',
  code_details: '%RESPONSE_CODE_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration_ms: '%DURATION%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER%',
  upstream_duration_ms: '%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%',
  upstream_attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  request_id: '%REQ(X-REQUEST-ID)%',
  trace_id: '%TRACE_ID%',
  user_agent: '%REQ(USER-AGENT)%',
  route: '%ROUTE_NAME%',
  // Of both forms; which of the three reasons is there says who decided (code_details in full).
  auth_policy: '%METADATA(ROUTE:chancery:policy)%',
  auth_form: '%METADATA(ROUTE:chancery:form)%',
  auth_decision: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:decision)%',
  auth_reason: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%',
  auth_rule: '%DYNAMIC_METADATA(envoy.filters.http.rbac:enforced_effective_policy_id)%',
  auth_token: '%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:failed:message)%',
  // R210: which limit denied, or failed; and those that would have denied, if they were not in shadow mode.
  limit: '%DYNAMIC_METADATA(envoy.filters.http.ratelimit:limit)%',
  limit_reason: '%DYNAMIC_METADATA(envoy.filters.http.ratelimit:reason)%',
  limit_shadow: '%DYNAMIC_METADATA(envoy.filters.http.ratelimit:shadow)%',
} as const;

export function compileAccessLog(log: AccessLog, listener: Listener, gateway: string): AccessLogMessage {
  const format = compileFormat({ ...FIELDS, listener: literalText(listener.name), gateway: literalText(gateway) });
  switch (log.file) {
    // The streams have loggers of their own: /dev/stdout cannot be opened by everyone in a container.
    case '/dev/stdout':
      return {
        name: 'envoy.access_loggers.stdout',
        typed_config: any('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', { log_format: format }),
      };
    case '/dev/stderr':
      return {
        name: 'envoy.access_loggers.stderr',
        typed_config: any('envoy.extensions.access_loggers.stream.v3.StderrAccessLog', { log_format: format }),
      };
    default:
      return {
        name: 'envoy.access_loggers.file',
        typed_config: any('envoy.extensions.access_loggers.file.v3.FileAccessLog', { path: log.file, log_format: format }),
      };
  }
}

function compileFormat(fields: Readonly<Record<string, string>>): SubstitutionFormatString {
  return { json_format: { fields: Object.fromEntries(Object.entries(fields).map(([name, format]) => [name, { string_value: format }])) } };
}
