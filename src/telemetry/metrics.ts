// Every metric of the program, in one table: name, type, labels, help (operating.md §4). Labels are bounded: never a node, a user or a key.
import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import { RATELIMIT_METRICS } from './ratelimit-metrics.ts';

interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in the unit of the name. */
  readonly buckets?: readonly number[];
}

const SECONDS_TO_COMPILE = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SECONDS_TO_CONVERGE = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

const SECONDS_TO_DECIDE = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

const XDS = ['gateway', 'variant', 'type'] as const;

export const METRICS = {
  chancery_build_info: { type: 'gauge', labels: ['version', 'node_version'], help: 'Always 1; the labels say what runs.' },
  chancery_config_revision_info: {
    type: 'gauge',
    labels: ['gateway', 'version'],
    help: 'Always 1; the snapshot that each gateway serves.',
  },
  chancery_config_apply_total: {
    type: 'counter',
    labels: ['gateway', 'result'],
    help: 'Loads of a changed configuration: accepted, unchanged or refused.',
  },
  chancery_config_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['gateway'],
    help: 'When the configuration on disk was last found good.',
  },
  chancery_config_problems: {
    type: 'gauge',
    labels: ['gateway', 'severity'],
    help: 'Errors and warnings in the configuration as it is on disk.',
  },
  chancery_config_convergence_seconds: {
    type: 'histogram',
    labels: ['gateway'],
    help: 'From reading a change to the last ACK of all connected nodes.',
    buckets: SECONDS_TO_CONVERGE,
  },
  chancery_event_clients_dropped_total: { type: 'counter', labels: [], help: 'Watchers of events that read too slowly.' },
  chancery_compiles_total: { type: 'counter', labels: [], help: 'Runs of the compiler; live endpoints, ACKs and status cause none.' },
  chancery_rollout_waves_total: { type: 'counter', labels: ['gateway'], help: 'Times that a revision was offered to more nodes.' },
  chancery_rollout_withdrawals_total: {
    type: 'counter',
    labels: ['gateway', 'reason'],
    help: 'Revisions that were taken back: nacks, quorum or error5xx.',
  },
  chancery_policy_gates_total: {
    type: 'counter',
    labels: ['gateway', 'result'],
    help: 'Revisions that went out after companions had their policies: open, late (without some companion) or forced (none had them).',
  },
  chancery_companions: {
    type: 'gauge',
    labels: ['gateway', 'role', 'state'],
    help: 'Companions by what proxies make of them: serving, behind (connected, lacks policies), lost (its stream broke) or spare (another one counts in memory).',
  },
  chancery_quarantined_resources: {
    type: 'gauge',
    labels: ['gateway'],
    help: 'Contents that an Envoy refused and that are not offered again.',
  },
  chancery_compile_duration_seconds: {
    type: 'histogram',
    labels: ['gateway'],
    help: 'From changed files to a snapshot ready to publish.',
    buckets: SECONDS_TO_COMPILE,
  },
  chancery_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    labels: ['gateway', 'certificate'],
    help: 'When the first certificate of each chain expires.',
  },
  chancery_endpoints: {
    type: 'gauge',
    labels: ['gateway', 'service', 'state'],
    help: 'Endpoints of services under discovery: active or draining.',
  },
  chancery_endpoint_lag_seconds: {
    type: 'histogram',
    labels: ['gateway'],
    help: 'From a change of endpoints at its source to the last ACK of the nodes that were connected.',
    buckets: SECONDS_TO_CONVERGE,
  },
  chancery_discovery_errors_total: { type: 'counter', labels: ['source'], help: 'Answers of discovery that failed or could not be used.' },
  chancery_discovery_kept_services: {
    type: 'gauge',
    labels: ['gateway'],
    help: 'Services whose last endpoints are kept although none is found.',
  },
  chancery_discovery_held_endpoints: {
    type: 'gauge',
    labels: ['gateway'],
    help: 'Endpoints that came and went too often and stay as they are for a while.',
  },
  chancery_xds_connected_nodes: { type: 'gauge', labels: ['gateway'], help: 'Nodes with at least one open stream.' },
  chancery_xds_stale_nodes: { type: 'gauge', labels: ['gateway'], help: 'Connected nodes that have not accepted what they should run.' },
  chancery_xds_streams: { type: 'gauge', labels: ['variant'], help: 'Open xDS streams: state of the world or delta.' },
  chancery_xds_requests_total: { type: 'counter', labels: XDS, help: 'Discovery requests received.' },
  chancery_xds_responses_total: { type: 'counter', labels: XDS, help: 'Discovery responses sent.' },
  chancery_xds_response_bytes_total: { type: 'counter', labels: XDS, help: 'Bytes of discovery responses sent.' },
  chancery_xds_acks_total: { type: 'counter', labels: XDS, help: 'Responses that a client accepted.' },
  chancery_xds_nacks_total: { type: 'counter', labels: XDS, help: 'Responses that a client refused.' },
  chancery_xds_ack_duration_seconds: {
    type: 'histogram',
    labels: ['gateway', 'type'],
    help: 'From the write of a response to its ACK.',
    buckets: SECONDS_TO_CONVERGE,
  },
  chancery_xds_ack_timeouts_total: { type: 'counter', labels: XDS, help: 'Responses without an answer that newer ones overtook.' },
  chancery_xds_stage_timeouts_total: {
    type: 'counter',
    labels: ['gateway', 'waited_for'],
    help: 'Stages of a change that went on without what they waited for.',
  },
  chancery_xds_stream_failures_total: {
    type: 'counter',
    labels: ['variant', 'status'],
    help: 'Streams that ended with an error, by its gRPC status, such as INVALID_ARGUMENT for a malformed request.',
  },
  chancery_xds_reading_pauses_total: {
    type: 'counter',
    labels: ['variant'],
    help: 'Times that a stream was not read for a while because its client asked too fast.',
  },
  chancery_xds_oversized_responses_total: {
    type: 'counter',
    labels: XDS,
    help: 'Responses larger than their client may take, which cannot be sent in parts.',
  },
  ...RATELIMIT_METRICS,
  chancery_cache_entries: { type: 'gauge', labels: ['cache'], help: 'Entries of each bounded cache.' },
  chancery_cache_bytes: { type: 'gauge', labels: ['cache'], help: 'Bytes of each cache that is bounded by them.' },
  chancery_cache_hits_total: {
    type: 'counter',
    labels: ['cache'],
    help: 'What was asked for was in the cache: a response of another stream, a token that was verified before.',
  },
  chancery_cache_misses_total: { type: 'counter', labels: ['cache'], help: 'What was asked for was made anew.' },
  chancery_cache_evictions_total: { type: 'counter', labels: ['cache'], help: 'Entries that were given up to stay within the bound.' },
  chancery_load_requests_total: {
    type: 'counter',
    labels: ['gateway', 'service', 'result'],
    help: 'Requests to each service as the Envoys report them: ok, error (5xx, reset, timeout) or dropped (refused unsent).',
  },
  chancery_load_requests_in_progress: {
    type: 'gauge',
    labels: ['gateway', 'service'],
    help: 'Requests to each service that were in progress by the latest reports.',
  },
  chancery_authz_decisions_total: {
    type: 'counter',
    labels: ['route', 'decision', 'reason', 'mode'],
    help: 'Requests that the authz companion decided about: allow, deny or unknown, and why; mode shadow lets all pass.',
  },
  chancery_authz_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'From the arrival of a check at its handler to the answer.',
    buckets: SECONDS_TO_DECIDE,
  },
  chancery_authz_shed_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Checks that were not made: overloaded (all), cold (needed a verification), oversized, failed (an exception).',
  },
  chancery_jwks_fetch_total: {
    type: 'counter',
    labels: ['issuer', 'result'],
    help: "Fetches of issuers' keys: ok, unchanged, or what went wrong.",
  },
  chancery_jwks_age_seconds: { type: 'gauge', labels: ['issuer'], help: 'Since the keys of each issuer were last fetched or confirmed.' },
  chancery_companion_workers: { type: 'gauge', labels: ['kind'], help: 'Workers of each companion that take calls.' },
  chancery_companion_worker_restarts_total: { type: 'counter', labels: ['kind'], help: 'Workers that ended and were started anew.' },
  chancery_companion_serving: { type: 'gauge', labels: ['kind'], help: 'Is 1 while the companion says that it serves.' },
  chancery_xds_writer_bytes: { type: 'gauge', labels: [], help: 'Bytes that wait in the transports of all streams.' },
} as const satisfies Readonly<Record<string, Definition>>;

type Table = typeof METRICS;
type Name<Type extends Definition['type']> = { [Key in keyof Table]: Table[Key]['type'] extends Type ? Key : never }[keyof Table];
type Labels<Key extends keyof Table> = { readonly [Label in Table[Key]['labels'][number]]: string };

/** One series of a metric. */
export interface SeriesValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics of one running program; nothing is shared between two of them. */
export interface Metrics {
  increment<Key extends Name<'counter'>>(name: Key, labels: Labels<Key>, by?: number): void;
  /** Adds to a gauge, or takes away with a negative number. */
  add<Key extends Name<'gauge'>>(name: Key, labels: Labels<Key>, by: number): void;
  set<Key extends Name<'gauge'>>(name: Key, labels: Labels<Key>, value: number): void;
  /** Gives a gauge exactly these series; those of before are gone. */
  replace<Key extends Name<'gauge'>>(name: Key, series: readonly (readonly [Labels<Key>, number])[]): void;
  observe<Key extends Name<'histogram'>>(name: Key, labels: Labels<Key>, value: number): void;
  /** The series of one counter or gauge now; `beforeRead` callbacks have run. */
  read(name: Name<'counter' | 'gauge'>): Promise<readonly SeriesValue[]>;
  /** The OpenMetrics text of now; `beforeRead` callbacks have run. */
  text(): Promise<string>;
  readonly contentType: string;
  /** Runs before each reading, for gauges that are counted only when asked for. */
  beforeRead(refresh: () => void): void;
}

export interface MetricsOptions {
  readonly version: string;
  /** Also the process's own: CPU, memory, event-loop lag, garbage collection. Default false. */
  readonly processMetrics?: boolean;
}

/** Builds a registry of its own with every metric of the table. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, definition] of Object.entries<Definition>(METRICS)) {
    const settings = { name, help: definition.help, labelNames: [...definition.labels], registers: [registry] };
    if (definition.type === 'counter') counters.set(name, new Counter(settings));
    else if (definition.type === 'gauge') gauges.set(name, new Gauge(settings));
    else histograms.set(name, new Histogram({ ...settings, buckets: [...(definition.buckets ?? [])] }));
  }
  if (options.processMetrics === true) collectDefaultMetrics({ register: registry });
  gauges.get('chancery_build_info')?.set({ version: options.version, node_version: process.version }, 1);
  const refreshes: (() => void)[] = [];
  return {
    increment: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
    add: (name, labels, by) => gauges.get(name)?.inc(labels, by),
    set: (name, labels, value) => gauges.get(name)?.set(labels, value),
    replace: (name, series) => {
      gauges.get(name)?.reset();
      for (const [labels, value] of series) gauges.get(name)?.set(labels, value);
    },
    observe: (name, labels, value) => histograms.get(name)?.observe(labels, value),
    contentType: registry.contentType,
    beforeRead: (refresh) => void refreshes.push(refresh),
    read: async (name) => {
      for (const refresh of refreshes) refresh();
      const found = await (counters.get(name) ?? gauges.get(name))?.get();
      return (found?.values ?? []).map(({ labels, value }) => ({ labels: textsOf(labels), value }));
    },
    text: () => {
      for (const refresh of refreshes) refresh();
      return registry.metrics();
    },
  };
}

function textsOf(labels: Readonly<Partial<Record<string, string | number>>>): SeriesValue['labels'] {
  return Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)]));
}
