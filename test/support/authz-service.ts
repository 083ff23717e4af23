// The authz companion as a worker serves it, in this process, with the policies of a compilation, as busy as a test says. Keys of issuers must stand in the policies. No
// assertions.
import { createAuthzService } from '../../src/companion/authz-service.ts';
import { createCompanionServer } from '../../src/companion/companion-server.ts';
import type { Shedding } from '../../src/companion/loop-delay.ts';
import type { Compilation } from '../../src/compiler/types.ts';
import { OPEN_ACCESS } from '../../src/grpc/access.ts';
import { Secret } from '../../src/lib/secret.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { quietLogger } from './quiet-logger.ts';

const api = loadEnvoyApi();

export interface AuthzService {
  /** How busy its event loop is said to be; assign to change. */
  shedding: Shedding;
  stop(): Promise<void>;
}

export async function startAuthzService(compilation: Pick<Compilation, 'resources'>, port: number): Promise<AuthzService> {
  const running = { shedding: 'none' as Shedding };
  const clocks = { nowMs: Date.now, monotonicMs: () => performance.now() };
  const shedding = (): Shedding => running.shedding;
  const service = createAuthzService({
    api,
    logger: quietLogger(),
    ...clocks,
    random: Math.random,
    shedding,
    send: () => {},
    subjectKey: new Secret('unused'),
    dev: false,
  });
  const policies = compilation.resources.flatMap((resource) =>
    resource.kind === 'AuthPolicy' ? [{ name: resource.name, bytes: api.encode('chancery.policy.v1.AuthPolicy', resource.message) }] : [],
  );
  const apiKeys = compilation.resources.flatMap((resource) =>
    resource.kind === 'ApiKeySet' ? [{ name: resource.name, bytes: api.encode('chancery.policy.v1.ApiKeySet', resource.message) }] : [],
  );
  const { refused } = await service.apply({ policies, apiKeys, secrets: [], removed: [] });
  if (refused[0] !== undefined) throw new Error(`${refused[0].name} was refused: ${refused[0].message}`);
  const server = createCompanionServer({
    service: 'envoy.service.auth.v3.Authorization',
    methods: service.methods,
    api,
    access: OPEN_ACCESS,
    reflection: false,
    shedding,
    onCall: () => {},
    onShed: (reason, cause) => service.onShed(reason, cause),
    nowMs: clocks.nowMs,
    logger: quietLogger(),
  });
  await server.listen({ host: '127.0.0.1', port });
  server.setServing(true);
  return Object.assign(running, {
    stop: async () => {
      await server.drain(0);
      await service.stop();
    },
  });
}
