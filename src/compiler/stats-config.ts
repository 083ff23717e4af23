// Which stats an Envoy of ours makes. With thousands of clusters most of its memory and start time went into stats that nobody reads (B73).
import type { StatsConfig } from '../proto/generated/envoy/config/metrics/v3/StatsConfig.ts';
import type { StringMatcher } from '../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';

/** What is left out, cluster by cluster. All that dashboards and alerts use stays: requests, codes, connections, limits, health. */
const LEFT_OUT: readonly StringMatcher[] = [
  // The same counts again, split by who asked (internal, external) or by canary.
  { safe_regex: { regex: String.raw`cluster\..*\.(?:internal|external|canary)\..*` } },
  // Details of the load balancer, of DNS and of codecs.
  {
    safe_regex: {
      regex: String.raw`cluster\..*\.(?:lb_.*|bind_errors|retry_or_shadow_abandoned|original_dst_host_invalid|default_total_match_count)`,
    },
  },
  { safe_regex: { regex: String.raw`cluster\..*\.(?:http1|http2|http3)\..*` } },
  {
    safe_regex: {
      regex: String.raw`cluster\..*\.upstream_(?:flow_control_.*|cx_connect_with_0_rtt|cx_http[0-9]_total|cx_none_healthy_.*|http3_broken|rq_0rtt)`,
    },
  },
  // One stat for each cipher, curve and version that was ever negotiated.
  { safe_regex: { regex: String.raw`.*\.ssl\.(?:ciphers|curves|sigalgs|versions)\..*` } },
];

export const STATS: StatsConfig = { stats_matcher: { exclusion_list: { patterns: [...LEFT_OUT] } } };
