// Runs `chancery ratelimit` beside a control plane as its users do, and calls it as a proxy does.
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { type Reply, replyOf, requestBytes } from '../unit/ratelimit/limiter-support.ts';
import { spawnChancery } from './chancery-process.ts';
import type { Child } from './child.ts';

export interface RatelimitCompanionProcess {
  readonly child: Child;
  readonly endpoint: string;
  readonly metricsPort: number;
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
}

export async function startRatelimitCompanion(args: readonly string[]): Promise<RatelimitCompanionProcess> {
  const child = spawnChancery(['ratelimit', '--port', '0', '--metrics-port', '0', ...args]);
  try {
    const [, endpoint = '', port = ''] = await child.waitFor(/^ready ratelimit=([^\s,]+)\S* metrics=\S+:(\d+)$/m);
    return {
      child,
      endpoint,
      metricsPort: Number(port),
      get: async (path) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
        return { status: response.status, text: await response.text() };
      },
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

export interface LimitCaller {
  /** One hit of a limit of the gateway; the gRPC status where there is no reply. */
  ask(limit: string, parts: Readonly<Record<string, string>>, deadlineMs?: number): Promise<Reply | number>;
  /** One hit of a descriptor of any domain. */
  askDomain(domain: string, entries: readonly (readonly [string, string])[]): Promise<Reply | number>;
  /** Any bytes in place of a request. */
  send(bytes: Buffer, deadlineMs?: number): Promise<Reply | number>;
  close(): void;
}

export function limitCaller(endpoint: string, gateway: string): LimitCaller {
  const client = new Client(endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 });
  const same = (bytes: Buffer): Buffer => bytes;
  const send = (bytes: Buffer, deadlineMs = 5_000): Promise<Reply | number> =>
    new Promise((resolve) => {
      const path = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';
      client.makeUnaryRequest(
        path,
        same,
        same,
        bytes,
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, reply?: Buffer) => resolve(reply === undefined ? (error?.code ?? -1) : replyOf(reply)),
      );
    });
  return {
    ask: (limit, parts, deadlineMs) =>
      send(requestBytes(`chancery.${gateway}`, [{ entries: [['limit', limit], ...Object.entries(parts)] }]), deadlineMs),
    askDomain: (domain, entries) => send(requestBytes(domain, [{ entries }])),
    send,
    close: () => client.close(),
  };
}
