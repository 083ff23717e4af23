// A worker: one gRPC server with a companion's service, told by its supervisor what to enforce and when to serve. It opens nothing but its own port.
import { OPEN_ACCESS } from '../grpc/access.ts';
import { type TlsMaterial, TransportSecurity } from '../grpc/transport-security.ts';
import { Secret } from '../lib/secret.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { clientNames } from './client-names.ts';
import { COMPANION_KINDS, type CompanionKind, type CreateWorkerService, type WorkerService, workerServiceOf } from './companion-kind.ts';
import { type CompanionServer, createCompanionServer } from './companion-server.ts';
import { type LoopWatch, watchLoop } from './loop-delay.ts';
import type { WorkerPort } from './worker-handle.ts';
import { workerLogger } from './worker-logger.ts';
import { receivedUpdate, type SentTls, type ToWorker, type WorkerSettings } from './worker-messages.ts';

export interface WorkerPorts {
  readonly api: EnvoyApi;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Ends the worker. */
  readonly exit: (code: number) => void;
  /** Default: what the kind does. */
  readonly serviceOf?: (kind: CompanionKind) => Promise<CreateWorkerService>;
}

interface Started {
  readonly service: WorkerService;
  readonly server: CompanionServer;
  readonly transport: TransportSecurity | undefined;
  readonly loop: LoopWatch;
}

/** Messages are taken one after the other, so that what is applied is applied in order. */
export function serveWorker(port: WorkerPort, ports: WorkerPorts): void {
  let started: Started | undefined;
  let last: Promise<void> = Promise.resolve();
  const take = async (message: ToWorker): Promise<void> => {
    if (message.kind === 'start') started = await start(message.settings, port, ports);
    else if (started !== undefined) await obey(message, started, { port, exit: ports.exit });
  };
  port.onMessage((message) => {
    last = last.then(() => take(message)).catch((error: unknown) => fail(error, message, { port, exit: ports.exit }));
  });
}

interface Rim {
  readonly port: WorkerPort;
  readonly exit: (code: number) => void;
}

/** A worker that cannot start, or cannot do as it is told, is of no use: a new one begins from the sum of all updates. */
function fail(error: unknown, message: ToWorker, { port, exit }: Rim): void {
  const reason = error instanceof Error ? error.message : String(error);
  if (message.kind === 'start') port.send({ kind: 'unusable', message: reason });
  else port.send({ kind: 'log', level: 'error', fields: { event: 'companion.worker_failed', reason }, message: `cannot ${message.kind}` });
  // After what was sent has left.
  setTimeout(() => exit(1), 50);
}

async function start(settings: WorkerSettings, port: WorkerPort, ports: WorkerPorts): Promise<Started> {
  const logger = workerLogger(port);
  const loop = watchLoop(ports.monotonicMs);
  const create = await (ports.serviceOf ?? workerServiceOf)(settings.kind);
  const service = create({
    ...ports,
    logger,
    shedding: () => loop.shedding,
    send: (body) => port.send({ kind: 'aside', body }),
    subjectKey: new Secret(settings.subjectKey),
    dev: settings.dev,
    ...(settings.ratelimit === undefined ? {} : { ratelimit: settings.ratelimit }),
  });
  const transport = settings.tls === undefined ? undefined : new TransportSecurity(material(settings.tls));
  const server = createCompanionServer({
    service: COMPANION_KINDS[settings.kind].service,
    methods: service.methods,
    ...(service.streamed === undefined ? {} : { streamed: service.streamed }),
    api: ports.api,
    access: settings.clientNames === undefined ? OPEN_ACCESS : clientNames(settings.clientNames),
    ...(transport === undefined ? {} : { credentials: transport }),
    reflection: settings.reflection,
    shedding: () => loop.shedding,
    onCall: () => loop.called(),
    onShed: (reason, cause) => service.onShed(reason, cause),
    nowMs: ports.nowMs,
    logger,
  });
  port.send({ kind: 'listening', endpoint: await server.listen(settings.address) });
  return { service, server, transport, loop };
}

async function obey(message: Exclude<ToWorker, { kind: 'start' }>, { service, server, transport, loop }: Started, rim: Rim): Promise<void> {
  switch (message.kind) {
    case 'apply': {
      const { refused } = await service.apply(receivedUpdate(message.update));
      return rim.port.send({ kind: 'applied', id: message.id, refused });
    }
    case 'serving':
      return server.setServing(message.isServing);
    case 'tls':
      return transport?.replace(material(message.tls));
    case 'aside':
      return service.receive(message.body);
    case 'drain':
      await server.drain(message.graceMs);
      await service.stop();
      loop.stop();
      rim.port.send({ kind: 'drained' });
      setTimeout(() => rim.exit(0), 50);
  }
}

function material({ cert, key, clientCa }: SentTls): TlsMaterial {
  return { cert, key: new Secret(key), clientCa };
}
