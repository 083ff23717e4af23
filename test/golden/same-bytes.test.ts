// What of a file does not matter: comments, the order of keys, and defaults that are written out change no byte of any resource (C15, B14).
import { afterEach, expect, test } from 'vitest';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../../src/proto/type-urls.ts';
import { compileGatewayFile } from '../support/golden-gateway.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const BASE = `
version: v1
gateway: edge
listeners:
  http: {port: 10000}
services:
  orders: {endpoints: ["10.0.0.1:80", "10.0.0.2:80"]}
  carts: {endpoints: ["10.0.0.3:80"], loadBalancer: maglev}
routes:
  - {name: orders, hostnames: [shop.test], matches: [{path: {prefix: /orders}}], backends: [orders], cors: {origins: ["https://a.test", "https://b.test"], methods: [GET, PUT]}}
  - {name: carts, backends: [carts, orders]}
`;

const SAME = {
  comments: BASE.replaceAll('\n  - ', '\n  # a comment\n  - '),
  'the order of keys, routes, backends and endpoints': `
gateway: edge
version: v1
routes:
  - {backends: [orders, carts], name: carts}
  - {cors: {methods: [PUT, GET], origins: ["https://b.test", "https://a.test"]}, matches: [{path: {prefix: /orders}}], hostnames: [shop.test], name: orders, backends: [orders]}
services:
  carts: {loadBalancer: maglev, endpoints: ["10.0.0.3:80"]}
  orders: {endpoints: ["10.0.0.2:80", "10.0.0.1:80"]}
listeners:
  http: {port: 10000}
`,
  'defaults that are written out': `
version: v1
gateway: edge
defaults: {timeout: 15s, connectTimeout: 5s, retry: {attempts: 0}}
listeners:
  http: {address: 0.0.0.0, port: 10000, clientIp: {trustedHops: 0}, paths: {escapedSlashes: keep, mergeSlashes: false}, headers: {underscores: reject}, onDemandHosts: false}
runtime: {}
services:
  orders:
    endpoints: [{address: "10.0.0.1:80", weight: 1, priority: 0}, "10.0.0.2:80"]
    protocol: http1
    loadBalancer: roundRobin
    connectTimeout: 5s
    circuitBreaker: {maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3}
  carts: {endpoints: ["10.0.0.3:80"], loadBalancer: {maglev: {by: clientIp, tableSize: 65537}}}
routes:
  - name: orders
    listeners: [http]
    hostnames: [shop.test]
    matches: [{path: {prefix: /orders}}]
    backends: [{service: orders, weight: 1}]
    timeout: 15s
    priority: 0
    cors: {origins: ["https://a.test:443", "https://B.test"], methods: [GET, PUT], credentials: false, privateNetwork: false}
  - {name: carts, hostnames: ["*"], matches: [{path: {prefix: /}}], backends: [{service: carts, weight: 1}, {service: orders, weight: 1}]}
`,
} as const;

const api = loadEnvoyApi();
let workspace: Workspace | undefined;
afterEach(() => workspace?.remove());

async function bytesOf(text: string): Promise<Readonly<Record<string, string>>> {
  workspace = await createWorkspace({ 'gateway.yaml': text });
  const { resources } = await compileGatewayFile(workspace.path('gateway.yaml'));
  await workspace.remove();
  return Object.fromEntries(
    resources.map(({ kind, name, message }) => [`${kind} ${name}`, api.encode(typeNameOf(TYPE_URLS[kind]), message).toString('hex')]),
  );
}

test.each(Object.entries(SAME))('%s', async (_, text) => {
  expect(await bytesOf(text)).toEqual(await bytesOf(BASE));
});
