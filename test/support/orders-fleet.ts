// The gateway of the drills: two HTTP and two gRPC backends, the parts of its YAML, and a fleet that runs it.
import { type Fleet, type FleetOptions, startFleet } from './fleet.ts';
import { startUpstream, type Upstream } from './upstream.ts';

type Name = 'a' | 'b' | 'g1' | 'g2';

export interface OrdersConfig {
  /** Default: `services()`. */
  readonly services?: string;
  /** Default: `routes()`. */
  readonly routes?: string;
  /** Further settings of the listener; begins with a comma. */
  readonly listener?: string;
  /** Further listeners. */
  readonly listeners?: string;
}

/** The YAML of the gateway in parts. */
export interface OrdersYaml {
  readonly config: (parts?: OrdersConfig) => string;
  /** One service; `more` begins with a comma. */
  readonly service: (name: string, upstream: Name, more?: string) => string;
  /** `PREFIX-a` and so on, one for each backend. */
  readonly services: (prefix?: string, more?: string) => string;
  /** The routes `web` and `rpc`; by default to orders-a and orders-g1. */
  readonly routes: (web?: string, rpc?: string, more?: string) => string;
}

export interface OrdersFleet {
  readonly fleet: Fleet;
  readonly upstreams: Readonly<Record<Name, Upstream>>;
  readonly yaml: OrdersYaml;
  /** Makes all backends well, and goes back to the first configuration. Answers take 40 ms, so that there are always some in flight. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Ports of the file; each proxy listens on others. */
export const ORDERS_PORT = 10_080;
export const SECOND_PORT = 10_081;

export async function startOrdersFleet(options: Omit<FleetOptions, 'config'>): Promise<OrdersFleet> {
  const upstreams = {
    a: await startUpstream({ name: 'a' }),
    b: await startUpstream({ name: 'b' }),
    g1: await startUpstream({ name: 'g1', protocol: 'h2' }),
    g2: await startUpstream({ name: 'g2', protocol: 'h2' }),
  };
  const yaml = ordersYaml(upstreams);
  const fleet = await startFleet({ ...options, config: yaml.config() });
  return {
    fleet,
    upstreams,
    yaml,
    reset: async () => {
      for (const upstream of Object.values(upstreams)) {
        upstream.reset();
        upstream.reply = () => ({ delayMs: 40 });
      }
      await fleet.apply(yaml.config());
    },
    stop: async () => {
      await fleet.stop();
      for (const upstream of Object.values(upstreams)) await upstream.close();
    },
  };
}

function ordersYaml(upstreams: Readonly<Record<Name, Upstream>>): OrdersYaml {
  const service: OrdersYaml['service'] = (name, upstream, more = '') => {
    const protocol = upstream.startsWith('g') ? ', protocol: grpc' : '';
    return `  ${name}: {endpoints: ["${upstreams[upstream].address}"]${protocol}${more}}`;
  };
  const services: OrdersYaml['services'] = (prefix = 'orders', more = '') =>
    (['a', 'b', 'g1', 'g2'] as const).map((upstream) => service(`${prefix}-${upstream}`, upstream, more)).join('\n');
  const routes: OrdersYaml['routes'] = (web = '[orders-a]', rpc = '[orders-g1]', more = '') => `
  - {name: web, matches: [{path: {prefix: /orders}}], backends: ${web}${more}}
  - {name: rpc, matches: [{grpc: {service: shop.v1.Orders}}], backends: ${rpc}${more}}`;
  return {
    service,
    services,
    routes,
    config: (parts = {}) => `
accessLog: {json: stdout}
listeners:
  http: {port: ${ORDERS_PORT}${parts.listener ?? ''}}
${parts.listeners ?? ''}
services:
${parts.services ?? services()}
routes:
${parts.routes ?? routes()}
`,
  };
}
