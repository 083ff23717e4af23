// Real Envoys with the limits of one gateway file in their bootstrap, and one limiter behind all of them. No control plane, no assertions.
import type { Compilation } from '../../src/compiler/types.ts';
import { startCompiledEnvoy } from './compiled-envoy.ts';
import { type CountingService, startCountingService } from './counting-service.ts';
import type { Envoy } from './envoy.ts';
import { freePort } from './free-port.ts';
import { compileGatewayFile } from './golden-gateway.ts';
import { type HttpRequest, type HttpResponse, request } from './http-client.ts';
import { startUpstream, type Upstream } from './upstream.ts';
import { createWorkspace } from './workspace.ts';

export interface LimitedProxy {
  readonly envoy: Envoy;
  send(sent: HttpRequest & { readonly http?: '1.1' | '2' }): Promise<HttpResponse>;
  /** The status alone. */
  ask(path: string, headers?: HttpRequest['headers']): Promise<number>;
}

export interface LimitedFleet {
  readonly backend: Upstream;
  readonly compilation: Compilation;
  readonly proxies: readonly LimitedProxy[];
  /** The limiter of now. */
  readonly service: CountingService;
  /** Another one at the same port, which has counted nothing; end the old one first. */
  restartService(): Promise<void>;
  stop(): Promise<void>;
}

export interface LimitedFleetOptions {
  /** The gateway file but for `version`, `gateway` and `rateLimitService`; `backend` is its address. */
  readonly config: (backend: string) => string;
  /** Files beside it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Default 1. */
  readonly proxies?: number;
  /** Of `rateLimitService`. Default 2s. */
  readonly timeout?: string;
  /** More keys of the access log, as Envoy writes formats. */
  readonly logged?: Readonly<Record<string, string>>;
}

export async function startLimitedFleet(options: LimitedFleetOptions): Promise<LimitedFleet> {
  const { config, files = {}, proxies: count = 1, timeout = '2s', logged = {} } = options;
  const workspace = await createWorkspace(files);
  const backend = await startUpstream({ name: 'backend' });
  const port = await freePort();
  const limiter = `rateLimitService: {endpoints: ["127.0.0.1:${port}"], timeout: ${timeout}}`;
  const file = await workspace.write('gateway.yaml', `version: v1\ngateway: shop\n${limiter}\n${config(backend.address)}`);
  const compilation = await compileGatewayFile(file);
  let service = await startCountingService(compilation, port);
  const proxies = await Promise.all(Array.from({ length: count }, () => startProxy(compilation, logged)));
  return {
    backend,
    compilation,
    proxies,
    get service() {
      return service;
    },
    restartService: async () => {
      service = await startCountingService(compilation, port);
    },
    stop: async () => {
      service.resume();
      await Promise.all(proxies.map(({ envoy }) => envoy.stop()));
      await service.stop();
      await backend.close();
      await workspace.remove();
    },
  };
}

async function startProxy(compilation: Compilation, logged: Readonly<Record<string, string>>): Promise<LimitedProxy> {
  const { envoy, port } = await startCompiledEnvoy(compilation, (bootstrap) => withLogged(bootstrap, logged));
  const send: LimitedProxy['send'] = (sent) => request({ port, ...sent });
  return { envoy, send, ask: async (path, headers = {}) => (await send({ path, headers })).status };
}

function withLogged(bootstrap: object, logged: Readonly<Record<string, string>>): object {
  return JSON.parse(JSON.stringify(bootstrap), (key, value) => (key === 'json_format' ? { ...value, ...logged } : value)) as object;
}
