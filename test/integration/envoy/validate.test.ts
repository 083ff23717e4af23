// A real Envoy accepts every golden and every sample, without a word about deprecated or unknown things.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileBootstrap } from '../../../src/compiler/bootstrap.ts';
import { compileStaticBootstrap } from '../../../src/compiler/static-bootstrap.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { findEnvoyBinary, REPOSITORY } from '../../support/envoy-binary.ts';
import { GOLDENS, goldenFeatures } from '../../support/golden-files.ts';
import { compileGatewayFile, SAMPLES } from '../../support/golden-gateway.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const api = loadEnvoyApi();
let workspace: Workspace;
beforeAll(async () => {
  workspace = await createWorkspace();
});
afterAll(() => workspace.remove());

/** Envoy advises against buckets that routes share, which is what ours are for (docs/decisions.md, local limits). */
const LOCAL_ADVICE = /^.*'descriptors' is set but only used by route configuration\..*\n/gm;

/** RLQS speaks by a message that Envoy's API still calls work in progress (docs/decisions.md, scope: quota); nothing else may. */
const QUOTA_ADVICE = /^.*message 'envoy\.type\.v3\.RateLimitStrategy' .* marked as work-in-progress\..*\n/gm;

/** What Envoy writes about the bootstrap; rejects when it refuses it. */
async function validate(name: string, bootstrap: object): Promise<string> {
  const file = `${name.replaceAll('/', '-')}.json`;
  await workspace.write(file, JSON.stringify(api.toJson('envoy.config.bootstrap.v3.Bootstrap', bootstrap)));
  const args = ['--mode', 'validate', '-c', workspace.path(file), '--log-level', 'warning'];
  const { stdout, stderr } = await promisify(execFile)(findEnvoyBinary(), args);
  return (stdout + stderr).replaceAll(LOCAL_ADVICE, '').replaceAll(QUOTA_ADVICE, '');
}

async function validateGateway(name: string, file: string): Promise<string> {
  // The test runs where Envoy does, but the machine's authorities may stand elsewhere or nowhere.
  const systemCaFile = path.join(GOLDENS, 'certificates/ca.crt');
  return validate(name, compileStaticBootstrap(await compileGatewayFile(file, { systemCaFile })));
}

const ACCEPTED = /^configuration '.*' OK\s*$/;

describe('goldens', () => {
  test.each(goldenFeatures())('%s', async (feature) => {
    expect(await validateGateway(feature, path.join(GOLDENS, feature, 'gateway.yaml'))).toMatch(ACCEPTED);
  });
});

describe('samples', () => {
  test.each(SAMPLES)('%s', async (sample) => {
    expect(await validateGateway(sample, path.join(REPOSITORY, 'envoy', sample))).toMatch(ACCEPTED);
  });
});

describe('bootstrap', () => {
  const options = { nodeId: 'edge-1', gateway: 'edge', xds: { host: '127.0.0.1', port: 18_000 } };

  test.each([
    ['delta', options],
    ['state of the world, with an admin interface', { ...options, variant: 'sotw', admin: { host: '127.0.0.1', port: 0 } }],
    ['a control plane with a name', { ...options, xds: { host: 'chancery.internal', port: 18_000 } }],
  ] as const)('%s', async (name, chosen) => {
    expect(await validate(name, compileBootstrap(chosen))).toMatch(ACCEPTED);
  });
});
