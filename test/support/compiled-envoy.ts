// A real Envoy with all of a compilation in its bootstrap, whose listeners take any free port. No control plane.
import { compileStaticBootstrap } from '../../src/compiler/static-bootstrap.ts';
import type { Compilation } from '../../src/compiler/types.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { type Envoy, startEnvoy } from './envoy.ts';

export interface CompiledEnvoy {
  readonly envoy: Envoy;
  /** Of `listener/http`. */
  readonly port: number;
}

const api = loadEnvoyApi();

/** `adjust` may change the bootstrap before Envoy gets it. */
export async function startCompiledEnvoy(
  compilation: Compilation,
  adjust: (bootstrap: object) => object = (bootstrap) => bootstrap,
): Promise<CompiledEnvoy> {
  const resources = compilation.resources.map((resource) =>
    resource.kind === 'Listener'
      ? { ...resource, message: { ...resource.message, address: { socket_address: { address: '127.0.0.1', port_value: 0 } } } }
      : resource,
  );
  const bootstrap = api.toJson('envoy.config.bootstrap.v3.Bootstrap', compileStaticBootstrap({ ...compilation, resources })) as object;
  const envoy = await startEnvoy(adjust(bootstrap));
  return { envoy, port: (await envoy.admin.listenerPorts()).get('listener/http')?.[0] ?? 0 };
}
