// Runs `chancery authz` as its users do, and calls it as a proxy does.
import { type ChannelCredentials, Client, credentials as grpcCredentials, type ServiceError } from '@grpc/grpc-js';
import type { CheckResponseOutput } from '../../src/proto/generated/envoy/service/auth/v3/CheckResponse.ts';
import { spawnChancery } from './chancery-process.ts';
import type { Child } from './child.ts';
import { testApi } from './snapshots.ts';

export interface AuthzProcess {
  readonly child: Child;
  readonly endpoints: readonly string[];
  readonly metricsPort: number;
  readyz(): Promise<{ readonly status: number; readonly body: ReadyBody }>;
  metrics(): Promise<string>;
}

export interface ReadyBody {
  readonly isServing: boolean;
  readonly policies: number;
  readonly workers: readonly { readonly endpoint?: string; readonly restarts: number }[];
  readonly gateways: readonly { readonly gateway: string; readonly isConnected: boolean; readonly from: string }[];
}

export async function startAuthz(args: readonly string[]): Promise<AuthzProcess> {
  const child = spawnChancery(['authz', '--port', '0', '--metrics-port', '0', ...args]);
  try {
    const [, endpoints = '', port = ''] = await child.waitFor(/^ready authz=(\S+) metrics=\S+:(\d+)$/m);
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
    return {
      child,
      endpoints: endpoints.split(','),
      metricsPort: Number(port),
      readyz: async () => {
        const response = await get('/readyz');
        return { status: response.status, body: (await response.json()) as ReadyBody };
      },
      metrics: async () => (await get('/metrics')).text(),
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

const same = (bytes: Buffer): Buffer => bytes;

export interface CheckOutcome {
  /** gRPC status of the call itself; 0 where it was answered. */
  readonly code: number;
  readonly details: string;
  readonly bytes: Buffer;
  readonly response: CheckResponseOutput;
}

export interface CheckCaller {
  check(request: Buffer, deadlineMs?: number): Promise<CheckOutcome>;
  /** Value of grpc.health.v1's status: 1 SERVING, 2 NOT_SERVING; a gRPC error as its negative code. */
  health(service?: string): Promise<number>;
  close(): void;
}

/** `endpoint` as the companion tells it. */
export function checkCaller(endpoint: string, credentials: ChannelCredentials = grpcCredentials.createInsecure()): CheckCaller {
  const client = new Client(endpoint, credentials, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
  });
  const call = (path: string, request: Buffer, deadlineMs: number): Promise<Omit<CheckOutcome, 'response'>> =>
    new Promise((resolve) => {
      const options = { deadline: Date.now() + deadlineMs };
      client.makeUnaryRequest(path, same, same, request, options, (error: ServiceError | null, bytes?: Buffer) =>
        resolve({ code: error?.code ?? 0, details: error?.details ?? '', bytes: bytes ?? Buffer.alloc(0) }),
      );
    });
  return {
    check: async (request, deadlineMs = 5_000) => {
      const outcome = await call('/envoy.service.auth.v3.Authorization/Check', request, deadlineMs);
      return { ...outcome, response: testApi().decode('envoy.service.auth.v3.CheckResponse', outcome.bytes) };
    },
    health: async (service = '') => {
      const name = Buffer.from(service);
      const request = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
      const { code, bytes } = await call('/grpc.health.v1.Health/Check', request, 5_000);
      return code === 0 ? (bytes[1] ?? 0) : -code;
    },
    close: () => client.close(),
  };
}
