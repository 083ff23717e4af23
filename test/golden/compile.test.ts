// Each folder here is a feature: what its gateway.yaml becomes, one file for each kind of resource. UPDATE_GOLDENS=1 rewrites them.
import path from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { CompiledResource, ResourceKind } from '../../src/compiler/types.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../../src/proto/type-urls.ts';
import { GOLDENS, goldenFeatures, goldenFiles } from '../support/golden-files.ts';
import { compileGatewayFile } from '../support/golden-gateway.ts';

const FILES = {
  Listener: 'listeners.yaml',
  RouteConfiguration: 'routes.yaml',
  Cluster: 'clusters.yaml',
  ClusterLoadAssignment: 'endpoints.yaml',
  Secret: 'secrets.yaml',
} as const satisfies Record<ResourceKind, string>;

const api = loadEnvoyApi();

function toYaml(resources: readonly CompiledResource[]): string {
  const messages = resources.map(({ kind, message }) => api.toJson(typeNameOf(TYPE_URLS[kind]), message));
  const text = stringify(messages, { lineWidth: 0, aliasDuplicateObjects: false });
  return text.replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g, '[redacted]');
}

test.each(goldenFeatures())('%s', async (feature) => {
  const folder = path.join(GOLDENS, feature);
  const { resources } = await compileGatewayFile(path.join(folder, 'gateway.yaml'));
  for (const { kind, message } of resources) {
    expect(api.check(typeNameOf(TYPE_URLS[kind]), message)).toEqual([]);
  }
  const made = new Map(
    Object.entries(FILES)
      .map(([kind, file]) => [file, resources.filter((resource) => resource.kind === kind)] as const)
      .filter(([, ofKind]) => ofKind.length > 0)
      .map(([file, ofKind]) => [file, toYaml(ofKind)]),
  );
  const golden = goldenFiles(folder, Object.values(FILES), made);
  expect(Object.fromEntries(made)).toEqual(Object.fromEntries(golden));
});
