// From a gateway file to compiled resources, as the program does it, at a fixed time and without environment.
import { createCompiler } from '../../src/compiler/compile.ts';
import type { Compilation } from '../../src/compiler/types.ts';
import { formatIssues } from '../../src/config/diagnostics.ts';
import { createConfigLoader } from '../../src/config/load.ts';
import { createResolver } from '../../src/model/resolve.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { policyVersion } from '../../src/proto/policy-version.ts';
import { tableRevision } from '../../src/proto/table-revision.ts';

/** Gateways that the project ships, below `envoy/`. */
export const SAMPLES = [
  'quickstart/gateway.yaml',
  'samples/plain-http.yaml',
  'samples/tls-redirect.yaml',
  'samples/grpc.yaml',
  'samples/canary.yaml',
  'samples/hosts-on-demand.yaml',
  'samples/limits.yaml',
  'samples/full/gateway.yaml',
] as const;

/** The certificates of goldens are valid then, and long after. */
const NOW_MS = Date.parse('2027-01-01T00:00:00Z');

export interface CompileOptions {
  readonly systemCaFile?: string;
  /** Default: a fixed time at which the certificates of goldens and samples are valid. */
  readonly nowMs?: number;
  /** Warnings are no mistakes. Default false. */
  readonly mayWarn?: boolean;
}

/** Throws with the diagnostics when the file has errors, or warnings unless `mayWarn`. */
export async function compileGatewayFile(
  file: string,
  { nowMs = NOW_MS, mayWarn = false, ...options }: CompileOptions = {},
): Promise<Compilation> {
  const { issues, config, positions } = await createConfigLoader({ file, env: {} }).load();
  const resolved = config === undefined ? undefined : createResolver().resolve(config, { nowMs });
  const all = [...issues, ...(resolved?.issues ?? [])];
  if (resolved?.model === undefined || (all.length > 0 && !mayWarn)) {
    throw new Error(formatIssues(all, positions, { color: false }));
  }
  const api = loadEnvoyApi();
  return createCompiler({
    ...options,
    versionOf: (policy) => policyVersion(api, policy),
    revisionOf: (table) => tableRevision(api, table),
  }).compile(resolved.model);
}
