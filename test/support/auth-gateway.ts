// A gateway with policies for a test: the control plane in this process, companions as processes of their own, a real Envoy. Issuers may be on
// loopback.
import { stringify } from 'yaml';
import { createPipeline } from '../../src/build/pipeline.ts';
import { bootstrapJson } from '../../src/cli/bootstrap-json.ts';
import { type AppFixture, createAppFixture, type RunningApp } from '../features/app-fixture.ts';
import { type AuthzProcess, startAuthz } from './authz-process.ts';
import { type Envoy, startEnvoy } from './envoy.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-port.ts';
import { type HttpRequest, type HttpResponse, request } from './http-client.ts';
import { testApi } from './snapshots.ts';

export interface AuthGatewayOptions {
  /** Sections of the file; `listeners.http` is added where there are no listeners. */
  readonly config: object;
  /** Files beside it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Default 1. */
  readonly companions?: number;
  /** More arguments of each companion. */
  readonly args?: readonly string[];
}

export interface AuthGateway {
  readonly port: number;
  readonly envoy: Envoy;
  readonly fixture: AppFixture;
  readonly running: RunningApp;
  readonly companions: readonly AuthzProcess[];
  join(id: string): Promise<AuthzProcess>;
  /** Saves the sections and waits until Envoy runs them. */
  apply(config: object): Promise<void>;
  /** Saves the sections without waiting. */
  publish(config: object): Promise<void>;
  send(request: HttpRequest & { readonly http?: '1.1' | '2' }): Promise<HttpResponse>;
  /** Status and reason of an answer, such as `401 jwt.missing`; of a backend's the status alone. */
  ask(path: string, headers?: HttpRequest['headers']): Promise<string>;
  /** Waits until the question gets this answer. */
  becomes(expected: string, path: string, headers?: HttpRequest['headers'], timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when Envoy and the companions serve. */
export async function startAuthGateway(options: AuthGatewayOptions): Promise<AuthGateway> {
  const [port = 0, xdsPort = 0] = await freePorts(2);
  const text = (config: object): string => stringify({ version: 'v1', gateway: 'edge', listeners: { http: { port } }, ...config });
  const fixture = await createAppFixture({ ...options.files, 'edge.yaml': text(options.config) });
  const companions: AuthzProcess[] = [];
  const ends: (() => Promise<unknown>)[] = [() => fixture.clean()];
  const stop = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const running = await fixture.start(['edge.yaml'], { state: true, settings: { xdsPort }, parts: { dev: true } });
    const join = async (id: string): Promise<AuthzProcess> => {
      const own = ['--server', `127.0.0.1:${xdsPort}`, '--gateway', 'edge', '--node-id', id, '--workers', '1', '--dev'];
      const companion = await startAuthz([...own, ...(options.args ?? [])]);
      companions.push(companion);
      ends.push(async () => {
        companion.child.signal('SIGCONT');
        await companion.child.stop();
      });
      return companion;
    };
    const wanted = options.companions ?? 1;
    for (let index = 1; index <= wanted; index += 1) await join(`c${index}`);
    const serving = (): boolean => running.app.companions().filter(({ state }) => state === 'serving').length >= wanted;
    await eventually(serving, { what: 'the companions', timeoutMs: 20_000 });
    const xds = { host: '127.0.0.1', port: xdsPort };
    const bootstrap = bootstrapJson(testApi(), { nodeId: 'n1', gateway: 'edge', xds, admin: { host: '127.0.0.1', port: 0 } });
    const envoy = await startEnvoy(bootstrap as object);
    ends.push(() => envoy.stop());
    const send: AuthGateway['send'] = (sent) => request({ port, ...sent });
    const ask: AuthGateway['ask'] = async (path, headers = {}) => answerText(await send({ path, headers }));
    const publish = (config: object): Promise<void> => fixture.workspace.save('edge.yaml', text(config), 'rename');
    return {
      port,
      envoy,
      fixture,
      running,
      companions,
      join,
      publish,
      apply: async (config) => {
        const before = running.live.length;
        await publish(config);
        await eventually(() => running.live.length > before, { what: 'the edit to be live', timeoutMs: 15_000 });
      },
      send,
      ask,
      becomes: async (expected, path, headers = {}, timeoutMs = 15_000) => {
        let last = '';
        const look = async (): Promise<boolean> => {
          last = await ask(path, headers);
          return last === expected;
        };
        await eventually(look, { timeoutMs, intervalMs: 25, what: expected }).catch((error: unknown) => {
          throw new Error(`${path} answered ${last} instead of ${expected}`, { cause: error });
        });
      },
      stop,
    };
  } catch (error) {
    const told = await issuesOf(fixture.workspace.path('edge.yaml'));
    await stop();
    throw told === '' ? error : new Error(told, { cause: error });
  }
}

/** What is wrong with the file, if anything. */
async function issuesOf(file: string): Promise<string> {
  const { issues } = await createPipeline({ file, env: {}, api: testApi(), nowMs: Date.now }).build();
  const errors = issues.filter(({ severity }) => severity === 'error');
  return errors.map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`).join('\n');
}

export function answerText(response: HttpResponse): string {
  const [, code] = /"code":"([a-zA-Z.]+)"/.exec(response.text()) ?? [];
  return code === undefined ? String(response.status) : `${response.status} ${code}`;
}
