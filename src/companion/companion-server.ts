// The gRPC server of one worker: a companion's service as bytes, health, reflection where asked for. It admits, bounds and ends calls; what
// they mean is the handler's affair, and so is every answer but the shell's own three.
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type handleUnaryCall, Server, ServerCredentials, type ServerOptions, type ServerUnaryCall, status } from '@grpc/grpc-js';
import type { Access } from '../grpc/access.ts';
import { endedWithin } from '../grpc/ended-within.ts';
import { addHealthService } from '../grpc/health-service.ts';
import { addReflectionService } from '../grpc/reflection-service.ts';
import { afterMs } from '../lib/after-ms.ts';
import { ChanceryError } from '../lib/errors.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Address, endpointOf, grpcAddress } from './address.ts';
import type { Answer, BytesHandler, CallFailure, ServedMethod, ShellReason } from './bytes-handler.ts';
import type { Shedding } from './loop-delay.ts';
import { type CallClock, OpenCall, WAY_BACK_MS } from './open-call.ts';
import { ServedStreams } from './served-streams.ts';
import type { StreamedService } from './stream-handler.ts';

export interface CompanionServerOptions {
  /** Full name of the service. */
  readonly service: string;
  /** By name. */
  readonly methods: Readonly<Record<string, ServedMethod>>;
  /** Beside them, on the same port. */
  readonly streamed?: StreamedService;
  readonly api: Pick<EnvoyApi, 'service' | 'describe'>;
  readonly access: Access;
  /** Default: plain text. */
  readonly credentials?: ServerCredentials;
  readonly reflection: boolean;
  /** How busy the event loop is (authz G12). */
  readonly shedding: () => Shedding;
  /** Told of each call as it comes. */
  readonly onCall: () => void;
  /** Told of each call that the shell answered by itself. */
  readonly onShed: (reason: ShellReason, cause?: unknown) => void;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

export interface CompanionServer {
  /** Gives the endpoint as proxies write it. Rejects with ERR_PORT_IN_USE. */
  listen(address: Address): Promise<string>;
  setServing(isServing: boolean): void;
  /**
   * NOT_SERVING, but calls are still answered until nobody has called for a second: proxies learn of it after us. Then no new connections;
   * resolves when no call is open, or after `graceMs` in all, when those left are cut.
   */
  drain(graceMs: number): Promise<void>;
}

/** Of one call (authz G12): far above what a proxy sends of a request with the largest headers it takes. */
const MAX_MESSAGE_BYTES = 128 * 1024;
/** What is larger than a message may be is still answered, so that nobody forces an error, which may let him pass (authz T14). */
const MAX_TRANSPORT_BYTES = 16 * 1024 * 1024;
const MAX_STREAMS = 1_000;
const MAX_IN_FLIGHT = 1_024;

/** Who has not called for so long has heard that we end. */
const QUIET_MS = 1_000;

/** Clients go on with what they were told, and to another companion (ratelimit R809). */
const GOING: CallFailure = { code: status.UNAVAILABLE, details: 'the companion is going away' };

interface InFlight {
  count: number;
  /** When the last call came. */
  lastMs: number;
}

const SERVER_OPTIONS: ServerOptions = {
  'grpc.max_receive_message_length': MAX_TRANSPORT_BYTES,
  'grpc.max_concurrent_streams': MAX_STREAMS,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 60_000,
  'grpc.enable_channelz': 0,
};

export function createCompanionServer(options: CompanionServerOptions): CompanionServer {
  const server = new Server(SERVER_OPTIONS);
  const inFlight: InFlight = { count: 0, lastMs: options.nowMs() };
  const methods = Object.entries(options.methods).map(([name, method]) => [name, unaryMethod(method, inFlight, options)] as const);
  server.addService(options.api.service(options.service), Object.fromEntries(methods));
  const streams = new ServedStreams({ access: options.access, onFailed: (cause) => options.onShed('failed', cause) });
  const names = [options.service, ...addStreams(server, streams, options)];
  const health = addHealthService(server, names);
  if (options.reflection) addReflectionService(server, names, options);
  return {
    listen: (address) => listen(server, address, options.credentials ?? ServerCredentials.createInsecure()),
    setServing: (isServing) => health.setServing(isServing),
    drain: async (graceMs) => {
      health.setServing(false);
      const endMs = options.nowMs() + graceMs;
      inFlight.lastMs = options.nowMs();
      while (options.nowMs() < Math.min(endMs, inFlight.lastMs + QUIET_MS)) await pause(20);
      streams.endAll(GOING);
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      health.end();
      await endedWithin(closed, { server, after: afterMs, graceMs: Math.max(0, endMs - options.nowMs()) });
    },
  };
}

/** Gives the names of the services. */
function addStreams(server: Server, streams: ServedStreams, { streamed, api }: CompanionServerOptions): readonly string[] {
  if (streamed === undefined) return [];
  const methods = Object.entries(streamed.methods).map(([name, handler]) => [name, streams.method(handler)] as const);
  server.addService(api.service(streamed.service), Object.fromEntries(methods));
  return [streamed.service];
}

function unaryMethod(
  { handler, answerTo, wayBackMs = WAY_BACK_MS, shedsItself = false }: ServedMethod,
  inFlight: InFlight,
  { access, shedding, onCall, onShed, nowMs }: CompanionServerOptions,
): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const denial = access.admit(call);
    if (denial !== undefined) return callback(denial);
    inFlight.lastMs = nowMs();
    onCall();
    const send = (answer: Answer): void => (answer instanceof Uint8Array ? callback(null, asBuffer(answer)) : callback(answer));
    const refuse = (reason: ShellReason, cause?: unknown): void => {
      onShed(reason, cause);
      send(answerTo(reason, call.request));
    };
    if (call.request.length > MAX_MESSAGE_BYTES) return refuse('oversized');
    if (!shedsItself && (inFlight.count >= MAX_IN_FLIGHT || shedding() === 'all')) return refuse('overloaded');
    inFlight.count += 1;
    run(call, { handler, clock: { nowMs, wayBackMs }, onFailed: (cause) => refuse('failed', cause) }, (answer) => {
      inFlight.count -= 1;
      if (answer !== undefined) send(answer);
    });
  };
}

interface Run {
  readonly handler: BytesHandler;
  readonly clock: CallClock;
  /** An exception: answered, never left open. */
  readonly onFailed: (cause: unknown) => void;
}

/** `end` is called exactly once: with the answer, or with none where the caller gave up or the handler threw. */
function run(call: ServerUnaryCall<Buffer, Buffer>, { handler, clock, onFailed }: Run, end: (answer?: Answer) => void): void {
  let isOpen = true;
  const close = (answer?: Answer): void => {
    if (!isOpen) return;
    isOpen = false;
    end(answer);
  };
  const open = new OpenCall(call, clock);
  call.on('cancelled', () => close());
  try {
    handler(call.request, open, close);
  } catch (error) {
    if (!isOpen) return;
    close();
    onFailed(error);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function listen(server: Server, address: Address, credentials: ServerCredentials): Promise<string> {
  if ('path' in address) await clearSocket(address.path);
  return new Promise((resolve, reject) => {
    server.bindAsync(grpcAddress(address), credentials, (error, port) => {
      if (error === null) return resolve(endpointOf(address, port));
      reject(taken(address, error.message));
    });
  });
}

/** A killed process leaves its socket file behind, which nobody could listen on again; one that answers belongs to somebody. */
async function clearSocket(path: string): Promise<void> {
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
  if (answers) throw taken({ path }, 'another program listens there');
  await rm(path, { force: true });
}

function taken(address: Address, reason: string): ChanceryError {
  return new ChanceryError('ERR_PORT_IN_USE', `the companion cannot listen on ${grpcAddress(address)}: ${reason}`);
}
