// Each folder here is a feature: what its gateway.yaml becomes, one file for each kind of resource. UPDATE_GOLDENS=1 rewrites them.
// The filters that stand disabled in every listener, what is the same in all listeners, and what is served for them, are shown by the feature `fixed-filters` alone.
import path from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { isEmptySlot } from '../../src/compiler/filter-slot-pass.ts';
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
  Runtime: 'runtime.yaml',
  TypedExtensionConfig: 'filters.yaml',
  VirtualHost: 'hosts.yaml',
  AuthPolicy: 'policies.yaml',
  ApiKeySet: 'api-keys.yaml',
  RateLimitTable: 'limits.yaml',
} as const satisfies Record<ResourceKind, string>;

const api = loadEnvoyApi();

/** Shows all that every gateway has. */
const FIXED = 'fixed-filters';

function isFixed({ kind, message }: CompiledResource): boolean {
  return (
    (kind === 'TypedExtensionConfig' && isEmptySlot(message)) ||
    (kind === 'Runtime' && Object.keys(message.layer?.fields ?? {}).length === 0)
  );
}

/** The same for all listeners; undefined in JSON is left out. */
const SAME_EVERYWHERE: ReadonlySet<string> = new Set(['early_header_mutation_extensions', 'local_reply_config']);

function withoutDisabled(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    SAME_EVERYWHERE.has(key)
      ? undefined
      : Array.isArray(inner)
        ? inner.filter((item) => (item as { disabled?: unknown } | null)?.disabled !== true)
        : inner,
  );
}

function toYaml(resources: readonly CompiledResource[], feature: string): string {
  const all = resources.map(({ kind, message }) => api.toJson(typeNameOf(TYPE_URLS[kind]), message));
  const messages = feature === FIXED ? all : all.map(withoutDisabled);
  const text = stringify(messages, { lineWidth: 0, aliasDuplicateObjects: false });
  return text.replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g, '[redacted]');
}

test.each(goldenFeatures())('%s', async (feature) => {
  const folder = path.join(GOLDENS, feature);
  const compiled = await compileGatewayFile(path.join(folder, 'gateway.yaml'));
  const resources = compiled.resources.filter((resource) => feature === FIXED || !isFixed(resource));
  for (const { kind, message } of resources) {
    expect(api.check(typeNameOf(TYPE_URLS[kind]), message)).toEqual([]);
  }
  const made = new Map(
    Object.entries(FILES)
      .map(([kind, file]) => [file, resources.filter((resource) => resource.kind === kind)] as const)
      .filter(([, ofKind]) => ofKind.length > 0)
      .map(([file, ofKind]) => [file, toYaml(ofKind, feature)]),
  );
  const golden = goldenFiles(folder, Object.values(FILES), made);
  expect(Object.fromEntries(made)).toEqual(Object.fromEntries(golden));
});
