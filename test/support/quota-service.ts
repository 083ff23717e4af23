// The rate limiter as a worker of a companion serves it, streams and all, with a compiled table. No assertions.
import { type CompanionServer, createCompanionServer } from '../../src/companion/companion-server.ts';
import { RATELIMIT_SERVICE } from '../../src/companion/ratelimit-names.ts';
import { createRatelimitService } from '../../src/companion/ratelimit-worker.ts';
import type { Compilation } from '../../src/compiler/types.ts';
import { OPEN_ACCESS } from '../../src/grpc/access.ts';
import { Secret } from '../../src/lib/secret.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { quietLogger } from './quiet-logger.ts';

const api = loadEnvoyApi();

export interface QuotaServer {
  readonly endpoint: string;
  readonly server: CompanionServer;
  /** As SIGTERM ends it; `graceMs` 0: at once. */
  stop(graceMs?: number): Promise<void>;
}

export async function startQuotaService(compilation: Pick<Compilation, 'resources'>, port = 0): Promise<QuotaServer> {
  const service = createRatelimitService({
    api,
    logger: quietLogger(),
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    random: Math.random,
    shedding: () => 'none',
    send: () => {},
    subjectKey: new Secret('unused'),
    dev: false,
  });
  const tables = compilation.resources.flatMap((resource) =>
    resource.kind === 'RateLimitTable'
      ? [{ name: resource.name, bytes: api.encode('chancery.policy.v1.RateLimitTable', resource.message) }]
      : [],
  );
  const { refused } = await service.apply({ policies: [], apiKeys: [], secrets: [], removed: [], tables });
  if (refused.length > 0) throw new Error(`the table was refused: ${refused[0]?.message}`);
  const server = createCompanionServer({
    service: RATELIMIT_SERVICE,
    methods: service.methods,
    ...(service.streamed === undefined ? {} : { streamed: service.streamed }),
    api,
    access: OPEN_ACCESS,
    reflection: false,
    shedding: () => 'none',
    onCall: () => {},
    onShed: (reason, cause) => service.onShed(reason, cause),
    nowMs: Date.now,
    logger: quietLogger(),
  });
  const endpoint = await server.listen({ host: '127.0.0.1', port });
  server.setServing(true);
  return {
    endpoint,
    server,
    stop: async (graceMs = 0) => {
      await server.drain(graceMs);
      await service.stop();
    },
  };
}
