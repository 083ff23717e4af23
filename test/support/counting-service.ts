// The rate limiter as it runs in a companion, over memory and with a compiled table, which writes down what it is asked. No assertions.
import { createCompanionServer } from '../../src/companion/companion-server.ts';
import { RATELIMIT_SERVICE } from '../../src/companion/ratelimit-names.ts';
import { ratelimitMethods } from '../../src/companion/ratelimit-service.ts';
import type { Compilation } from '../../src/compiler/types.ts';
import { OPEN_ACCESS } from '../../src/grpc/access.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import type { RateLimitRequestOutput } from '../../src/proto/generated/envoy/service/ratelimit/v3/RateLimitRequest.ts';
import { DecisionCounts } from '../../src/ratelimit/decision-counts.ts';
import { createRateLimiter } from '../../src/ratelimit/handler.ts';
import { MemoryStore } from '../../src/ratelimit/memory/memory-store.ts';
import { StoreClock } from '../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../src/ratelimit/store/store-listener.ts';
import { decodeTable } from '../../src/ratelimit/table/decode-table.ts';
import { quietLogger } from './quiet-logger.ts';

const api = loadEnvoyApi();
const REQUEST = 'envoy.service.ratelimit.v3.RateLimitRequest';

/** One descriptor as text: `limit=per-user jwt.sub=alice`, with ` hits=3` where it brings its own. */
export type ToldDescriptor = string;

export interface CountingService {
  readonly port: number;
  /** Domain and descriptors of each call so far. */
  readonly calls: { readonly domain: string; readonly descriptors: readonly ToldDescriptor[] }[];
  /** Calls are written down and not answered until `resume`. */
  pause(): void;
  resume(): void;
  /** Calls under way are cut. */
  stop(): Promise<void>;
}

/** Counts by the table of the compilation. */
export async function startCountingService(compilation: Compilation, port = 0): Promise<CountingService> {
  const store = new MemoryStore({
    clock: new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() }),
    listener: SILENT_LISTENER,
    random: Math.random,
  });
  const limiter = createRateLimiter({
    store,
    tools: { keySecret: Buffer.from('secret'), counts: new DecisionCounts(), nearRatio: 0.8, onStoreFailure: 'local' },
    reference: { isShadow: false, isQuota: false, hasMetadata: false },
    nowMs: Date.now,
    seed: 7,
  });
  for (const resource of compilation.resources) {
    if (resource.kind !== 'RateLimitTable') continue;
    const bytes = api.encode('chancery.policy.v1.RateLimitTable', resource.message);
    limiter.setTables({ own: decodeTable(api, resource.name, bytes).table });
  }
  const calls: CountingService['calls'] = [];
  const held: (() => void)[] = [];
  let isPaused = false;
  const server = createCompanionServer({
    service: RATELIMIT_SERVICE,
    methods: ratelimitMethods({
      handler: (request, call, answer) => {
        calls.push(toldCall(api.decode(REQUEST, request)));
        // The bytes belong to the call.
        const bytes = Buffer.from(request);
        if (isPaused) held.push(() => limiter.handler(bytes, call, answer));
        else limiter.handler(request, call, answer);
      },
      nowMs: Date.now,
      monotonicMs: () => performance.now(),
      onRefused: () => {},
    }),
    api,
    access: OPEN_ACCESS,
    reflection: false,
    shedding: () => 'none',
    onCall: () => {},
    onShed: () => {},
    nowMs: Date.now,
    logger: quietLogger(),
  });
  const endpoint = await server.listen({ host: '127.0.0.1', port });
  server.setServing(true);
  return {
    port: Number(endpoint.split(':').at(-1)),
    calls,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      for (const count of held.splice(0)) count();
    },
    stop: async () => {
      await server.drain(0);
      await store.close();
    },
  };
}

function toldCall({ domain = '', descriptors = [] }: RateLimitRequestOutput): CountingService['calls'][number] {
  return {
    domain,
    descriptors: descriptors.map(({ entries = [], hits_addend: hits }) => {
      const text = entries.map(({ key, value }) => `${key}=${value}`).join(' ');
      return hits === undefined || hits === null ? text : `${text} hits=${String(hits.value ?? 0)}`;
    }),
  };
}
