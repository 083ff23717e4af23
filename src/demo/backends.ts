// Starts and stops the sample backends together: HTTP and gRPC, each in two versions.
import type { Server as HttpServer } from 'node:http';
import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { ChanceryError } from '../lib/errors.ts';
import { createGreeterServer } from './greeter.ts';
import { createHelloServer } from './hello.ts';
import type { DemoPorts } from './ports.ts';

export interface DemoBackends {
  /** Ends open connections too. */
  stop(): Promise<void>;
}

/** Listens on all four ports of `host`. Throws ERR_PORT_IN_USE, with nothing left open, where one is taken. */
export async function startDemoBackends(host: string, ports: DemoPorts): Promise<DemoBackends> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((end) => end()));
  };
  try {
    stops.push(await listenHttp(createHelloServer('v1'), host, ports.helloV1));
    stops.push(await listenHttp(createHelloServer('v2'), host, ports.helloV2));
    stops.push(await listenGrpc(createGreeterServer('v1'), host, ports.greeterV1));
    stops.push(await listenGrpc(createGreeterServer('v2'), host, ports.greeterV2));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function listenHttp(server: HttpServer, host: string, port: number): Promise<() => Promise<void>> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portError(host, port, cause)));
    server.listen({ host, port }, resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

async function listenGrpc(server: GrpcServer, host: string, port: number): Promise<() => Promise<void>> {
  await new Promise<void>((resolve, reject) => {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause) => {
      if (cause === null) resolve();
      else reject(portError(host, port, cause));
    });
  });
  return async () => server.forceShutdown();
}

function portError(host: string, port: number, cause: Error): ChanceryError {
  return new ChanceryError('ERR_PORT_IN_USE', `a sample backend cannot listen on ${host}:${port}: ${cause.message}`, {
    remedy: 'end the program that has the port, or choose others with CHANCERY_DEMO_…_PORT (see envoy/quickstart/gateway.yaml)',
    cause,
  });
}
