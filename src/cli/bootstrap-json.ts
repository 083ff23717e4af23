// A bootstrap in the JSON form that Envoy reads.
import { type BootstrapOptions, compileBootstrap } from '../compiler/bootstrap.ts';
import type { EnvoyApi } from '../proto/api.ts';

export function bootstrapJson(api: Pick<EnvoyApi, 'toJson'>, options: BootstrapOptions): unknown {
  return api.toJson('envoy.config.bootstrap.v3.Bootstrap', compileBootstrap(options));
}
