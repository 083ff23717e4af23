// Quota streaming inside the shell (ratelimit §7): reports and assignments as Envoy writes them, one message for what came of one turn. It
// divides nothing.
import { status } from '@grpc/grpc-js';
import type { EnvoyApi } from '../proto/api.ts';
import type { RateLimitQuotaUsageReportsOutput } from '../proto/generated/envoy/service/rate_limit_quota/v3/RateLimitQuotaUsageReports.ts';
import type { QuotaAllocator } from '../ratelimit/quota/quota-allocator.ts';
import type { QuotaStream, StreamProblem } from '../ratelimit/quota/quota-stream.ts';
import { ASSIGNMENT_TTL_MS, type BucketAction, type UsageReport } from '../ratelimit/quota/usage-report.ts';
import type { OpenStream, StreamedService, StreamSink } from './stream-handler.ts';

export const QUOTA_SERVICE = 'envoy.service.rate_limit_quota.v3.RateLimitQuotaService';
const REPORTS = 'envoy.service.rate_limit_quota.v3.RateLimitQuotaUsageReports';
const RESPONSE = 'envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse';

export interface QuotaStreamsOptions {
  readonly api: Pick<EnvoyApi, 'decode' | 'encode'>;
  /** Who divides the limits of a domain now; undefined while nobody does. */
  readonly allocatorOf: (domain: string) => QuotaAllocator | undefined;
}

const PROBLEMS: Readonly<Record<StreamProblem, string>> = {
  'no domain': 'the first message must name a domain',
  'other domain': 'the domain of a stream cannot change',
};

export function quotaStreams(options: QuotaStreamsOptions): StreamedService {
  return { service: QUOTA_SERVICE, methods: { StreamRateLimitQuotas: (stream) => new ServedQuotas(stream, options) } };
}

/** One stream: its book of buckets at the allocator of its domain, and the way back. */
class ServedQuotas implements StreamSink {
  readonly #stream: OpenStream;
  readonly #options: QuotaStreamsOptions;
  #allocator: QuotaAllocator | undefined;
  #quotas: QuotaStream | undefined;
  #domain = '';
  #outbox: BucketAction[] = [];

  constructor(stream: OpenStream, options: QuotaStreamsOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  received(bytes: Uint8Array): void {
    const { api } = this.#options;
    const report = readReport(api, bytes);
    if (report === undefined) return this.#refuse('the message is no RateLimitQuotaUsageReports');
    if (this.#domain === '') this.#domain = report.domain;
    if (this.#domain === '') return this.#refuse(PROBLEMS['no domain']);
    const quotas = this.#book();
    if (quotas === undefined) return this.#stream.end({ code: status.UNAVAILABLE, details: 'no limits of this domain are loaded yet' });
    const problem = quotas.report(report);
    if (problem !== undefined) this.#refuse(PROBLEMS[problem]);
  }

  closed(): void {
    this.#quotas?.close();
    this.#outbox = [];
  }

  /** Counters that moved to another store are divided by another allocator. */
  #book(): QuotaStream | undefined {
    const allocator = this.#options.allocatorOf(this.#domain);
    if (allocator === this.#allocator) return this.#quotas;
    this.#quotas?.close();
    this.#allocator = allocator;
    this.#quotas = allocator?.open({ proxy: this.#stream.peer, send: (action) => this.#send(action) });
    return this.#quotas;
  }

  /** What comes of one turn of the event loop travels together. */
  #send(action: BucketAction): void {
    this.#outbox.push(action);
    if (this.#outbox.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const bucket_action = this.#outbox.map(wireAction);
    this.#outbox = [];
    this.#stream.send(this.#options.api.encode(RESPONSE, { bucket_action }));
  }

  #refuse(details: string): void {
    this.#stream.end({ code: status.INVALID_ARGUMENT, details });
  }
}

function readReport(api: QuotaStreamsOptions['api'], bytes: Uint8Array): UsageReport | undefined {
  let message: RateLimitQuotaUsageReportsOutput;
  try {
    message = api.decode(REPORTS, bytes);
  } catch {
    return undefined;
  }
  return {
    domain: message.domain ?? '',
    usages: (message.bucket_quota_usages ?? []).flatMap(({ bucket_id, time_elapsed, num_requests_allowed, num_requests_denied }) =>
      bucket_id?.bucket === undefined
        ? []
        : [
            {
              id: bucket_id.bucket,
              elapsedSeconds: counted(time_elapsed?.seconds),
              allowed: counted(num_requests_allowed),
              denied: counted(num_requests_denied),
            },
          ],
    ),
  };
}

/** Hostile input: what is no count is none. */
function counted(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}

/** R702. */
function wireAction(action: BucketAction): object {
  const bucket_id = { bucket: action.id };
  if (action.kind === 'abandon') return { bucket_id, abandon_action: {} };
  const { share, burst, fillSeconds } = action.assignment;
  const rate_limit_strategy =
    share === 0 || burst === 0
      ? { blanket_rule: 'DENY_ALL' }
      : { token_bucket: { max_tokens: burst, tokens_per_fill: { value: share }, fill_interval: { seconds: fillSeconds } } };
  return { bucket_id, quota_assignment_action: { assignment_time_to_live: { seconds: ASSIGNMENT_TTL_MS / 1_000 }, rate_limit_strategy } };
}
