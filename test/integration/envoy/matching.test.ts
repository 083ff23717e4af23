// Every kind of match, against a real Envoy: request → name of the route that answers. All routes are in one file, and once more in the opposite
// order under other host names, because order never decides (C1).

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { CONDITIONS } from './matching/conditions.ts';
import type { Asked, Group, Matches } from './matching/group.ts';
import { PRECEDENCE } from './matching/precedence.ts';

const groups = [...CONDITIONS, ...PRECEDENCE];
const orders = ['forward', 'backward'] as const;
const nameOf = (group: number, order: string, route: string): string => `${route}-${order}-${group}`;
const placed = (host: string, group: number, order: string): string => host.replace('ORDER', `${order}-${group}.test`);

function routesOf(order: string): object[] {
  return groups.flatMap((group, index) =>
    Object.entries(group.routes).map(([name, route]) => {
      const {
        hostnames = [`g${index}.ORDER`],
        matches = [],
        ...rest
      } = Array.isArray(route) ? { matches: route as Matches } : (route as Partial<Record<'hostnames' | 'matches', never[]>>);
      const full = nameOf(index, order, name);
      return {
        name: full,
        hostnames: hostnames.map((host) => placed(host, index, order)),
        ...(matches.length === 0 ? {} : { matches }),
        ...rest,
        respond: { status: 200, body: full },
      };
    }),
  );
}

let gateway: Gateway;

beforeAll(async () => {
  const routes = [...routesOf('forward'), ...routesOf('backward').reverse()];
  gateway = await startGateway({ config: stringify({ listeners: { http: { port: await freePort() } }, routes }) });
});
afterAll(() => gateway?.stop());

describe.each(orders)('routes written %s', (order) => {
  test.each(groups.map((group, index) => [group.title, index] as const))('%s', async (_title, index) => {
    const { asks } = groups[index] as Group;
    const seen = await Promise.all(
      asks.map(async ([asked]) => {
        const sent: Asked = typeof asked === 'string' ? { path: asked } : asked;
        const response = await gateway.send({ ...sent, host: placed(sent.host ?? `g${index}.ORDER`, index, order) });
        // Envoy answers gRPC requests itself with the body in grpc-message.
        return response.status === 200 ? (response.headers['grpc-message'] ?? response.text()) : String(response.status);
      }),
    );
    const expected = asks.map(([, route]) => (route === '404' ? '404' : nameOf(index, order, route)));
    expect(asks.map(([asked], at) => [asked, seen[at]])).toEqual(asks.map(([asked], at) => [asked, expected[at]]));
  });
});
