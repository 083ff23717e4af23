// gRPC's own health service (grpc.health.v1.Health): SERVING once configuration is served, NOT_SERVING before that and while stopping. It is
// the one service without access control: a probe has no certificate, and learns nothing else.
import { type handleServerStreamingCall, type handleUnaryCall, type Server, type ServerWritableStream, status } from '@grpc/grpc-js';
import { readDelimited } from '../proto/wire.ts';
import { bytesService } from './bytes-service.ts';

export const HEALTH_SERVICE = 'grpc.health.v1.Health';

/** Values of HealthCheckResponse.ServingStatus. */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

type Watcher = ServerWritableStream<Buffer, Buffer>;

export interface HealthService {
  /** Tells those that watch. */
  setServing(isServing: boolean): void;
  /** Ends those that watch. */
  end(): void;
}

/** `services`: names that may be asked for besides the empty one, which means the server. */
export function addHealthService(server: Pick<Server, 'addService'>, services: readonly string[]): HealthService {
  const known = new Set(['', ...services]);
  const watchers = new Set<Watcher>();
  let isServing = false;
  const statusOf = (request: Buffer): number => (known.has(serviceIn(request)) ? (isServing ? SERVING : NOT_SERVING) : SERVICE_UNKNOWN);
  const check: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const found = statusOf(call.request);
    if (found === SERVICE_UNKNOWN) callback({ code: status.NOT_FOUND, details: `there is no service ${serviceIn(call.request)}` });
    else callback(null, response(found));
  };
  const watch: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    watchers.add(call);
    for (const event of ['cancelled', 'close', 'error']) call.on(event, () => watchers.delete(call));
    call.write(response(statusOf(call.request)));
  };
  server.addService(bytesService(HEALTH_SERVICE, { Check: {}, Watch: { responseStream: true } }), { Check: check, Watch: watch });
  return {
    setServing: (now) => {
      if (now === isServing) return;
      isServing = now;
      for (const call of watchers) call.write(response(statusOf(call.request)));
    },
    end: () => {
      for (const call of watchers) call.end();
    },
  };
}

/** HealthCheckRequest.service */
function serviceIn(request: Buffer): string {
  return readDelimited(request, 1)?.toString('utf8') ?? '';
}

/** HealthCheckResponse with its only field, an enum. */
function response(value: number): Buffer {
  return Buffer.from([0x08, value]);
}
