// A bad change never reaches the fleet (promise 2): what the program accepts of random configurations, a real Envoy accepts as well.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import type { DetailedGood } from '../../../src/build/pipeline.ts';
import { compileStaticBootstrap } from '../../../src/compiler/static-bootstrap.ts';
import { type EnvoyApi, loadEnvoyApi } from '../../../src/proto/api.ts';
import { acceptedGateway } from '../../support/accepted-gateway.ts';
import { createAuthority } from '../../support/certificates.ts';
import { findEnvoyBinary } from '../../support/envoy-binary.ts';
import { CERTIFICATES, CLIENT_CA, randomGateway } from '../../support/random-gateway.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

/** RANDOM_SEED and RANDOM_RUNS repeat a failure or look further. */
const SEED = Number(process.env.RANDOM_SEED ?? 20_261_122);
const RUNS = Number(process.env.RANDOM_RUNS ?? 12);

let api: EnvoyApi;
let workspace: Workspace;
let more: object;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  api = loadEnvoyApi();
  workspace = await createWorkspace();
  const authority = await createAuthority();
  const issued = await Promise.all(
    CERTIFICATES.map((name) => authority.issue({ name: `${name}.shop.test`, keyType: name === 'rsa' ? 'rsa' : 'ec' })),
  );
  more = {
    accessLog: { json: 'stdout' },
    defaults: { timeout: '7s', retry: { attempts: 1 }, circuitBreaker: { maxRequests: 9 } },
    certificates: Object.fromEntries(issued.map(({ cert, key }, index) => [CERTIFICATES[index], { cert, key }])),
  };
  env = { [CLIENT_CA]: authority.cert };
});
afterAll(() => workspace.remove());

async function envoySays(build: DetailedGood): Promise<string> {
  const bootstrap = api.toJson('envoy.config.bootstrap.v3.Bootstrap', compileStaticBootstrap(build.compilation));
  const file = await workspace.write('envoy.json', JSON.stringify(bootstrap));
  const outcome = await promisify(execFile)(findEnvoyBinary(), ['--mode', 'validate', '-c', file, '--log-level', 'error']).catch(
    (error: { stderr?: string }) => ({ stdout: '', stderr: String(error.stderr) }),
  );
  return outcome.stdout + outcome.stderr;
}

test.each(fc.sample(randomGateway, { seed: SEED, numRuns: RUNS }).map((gateway, index) => [index, gateway] as const))(
  'what the program accepts of random configuration %i, a real Envoy accepts as well',
  async (_index, gateway) => {
    const { build, text } = await acceptedGateway(gateway, { api, workspace, more, env });
    const said = await envoySays(build);
    if (!/^configuration '.*' OK\s*$/.test(said)) throw new Error(`Envoy refuses what was accepted: ${said}\n${text}`);
  },
);
