// Limits that count by who calls, where the auth companion says who that is (ratelimit R203, R109; authz H12): what it tells by metadata reaches the limiter, for two proxies
// alike, and nothing of it can be written by the caller.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuthzService, startAuthzService } from '../../support/authz-service.ts';
import { freePort } from '../../support/free-port.ts';
import { type LimitedFleet, startLimitedFleet } from '../../support/limited-fleet.ts';
import { testIssuer } from '../../support/test-issuer.ts';

const issuer = testIssuer({ issuer: 'https://id.test/', algorithms: ['ES256'] });
const KEYS = { acme: 'ck_acmeacme_0123456789abcdefghijABCDEFGHIJ01', bolt: 'ck_boltbolt_0123456789abcdefghijABCDEFGHIJ02' };
const PARTS = { claim: 'jwt.tenant', consumer: 'apiKey.id' } as const;
const MISSING = ['share', 'skip', 'deny'] as const;
const sha = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`;
const limits = Object.entries(PARTS).flatMap(([name, part]) =>
  MISSING.map((whenMissing) => ({ name: `${name}-${whenMissing}`, part, whenMissing })),
);

const config =
  (companion: number) =>
  (backend: string): string =>
    `
listeners: {http: {port: 10000}}
authz: {endpoints: ["127.0.0.1:${companion}"], timeout: 5s}
jwt: {main: {issuer: "https://id.test/", audiences: [shop], algorithms: [ES256], jwks: {inline: ${JSON.stringify(JSON.stringify(issuer.jwks()))}}}}
apiKeys: {partners: {consumers: {acme: {keys: ["${sha(KEYS.acme)}"]}, bolt: {keys: ["${sha(KEYS.bolt)}"]}}}}
policies: {anybody: {anyOf: [{jwt: main}, {apiKeys: partners}, {anonymous: true}], enforce: companion}}
rateLimits:
${limits.map(({ name, part, whenMissing }) => `  ${name}: {key: [${part}], whenMissing: ${whenMissing}, rate: 1/hour}`).join('\n')}
services: {backend: {endpoints: ["${backend}"]}}
routes:
${limits.map(({ name }) => `  - {name: ${name}, matches: [{path: {prefix: /${name}}}], backends: [backend], auth: {policy: anybody}, rateLimits: [${name}]}`).join('\n')}
`;

let fleet: LimitedFleet;
let authz: AuthzService;

beforeAll(async () => {
  const companion = await freePort();
  fleet = await startLimitedFleet({ config: config(companion), proxies: 2 });
  authz = await startAuthzService(fleet.compilation, companion);
});
afterAll(async () => {
  await fleet?.stop();
  await authz?.stop();
});

type Headers = Readonly<Record<string, string>>;
async function statuses(path: string, headers: Headers): Promise<readonly number[]> {
  const all: number[] = [];
  for (const proxy of [...fleet.proxies, ...fleet.proxies]) all.push(await proxy.ask(path, headers));
  return all;
}
const withPart: Readonly<Record<keyof typeof PARTS, (value: 'acme' | 'bolt') => Headers>> = {
  claim: (tenant) => ({ authorization: `Bearer ${issuer.mint({ claims: { tenant } })}` }),
  consumer: (value) => ({ 'x-api-key': KEYS[value] }),
};
const expected = { share: [200, 429, 429, 429], skip: [200, 200, 200, 200], deny: [429, 429, 429, 429] } as const;

for (const part of Object.keys(PARTS) as (keyof typeof PARTS)[]) {
  test.each(MISSING)(`${PARTS[part]}: each value counts for itself; of callers without one: %s`, async (whenMissing) => {
    const path = `/${part}-${whenMissing}`;
    expect(await statuses(path, { 'x-tenant': 'acme', 'x-client': 'acme' })).toEqual(expected[whenMissing]);
    for (const value of ['acme', 'bolt'] as const) expect(await statuses(path, withPart[part](value))).toEqual([200, 429, 429, 429]);
  });
}
