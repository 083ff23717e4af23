// A gateway for tests of edits under load: two HTTP and two gRPC backends, the parts of its YAML, and steady load on both of its routes.
import { freePorts } from './free-port.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { grpcRequest } from './grpc-call.ts';
import { type Load, type LoadReport, startLoad } from './load.ts';
import { startUpstream, type Upstream } from './upstream.ts';

type Name = 'a' | 'b' | 'g1' | 'g2';

export interface OrdersConfig {
  /** Default: `services()`. */
  readonly services?: string;
  /** Default: `routes()`. */
  readonly routes?: string;
  /** Further listeners. */
  readonly listeners?: string;
}

/** The YAML of the gateway in parts. */
export interface OrdersYaml {
  readonly port: number;
  readonly secondPort: number;
  readonly config: (parts?: OrdersConfig) => string;
  /** One service; `more` begins with a comma. */
  readonly service: (name: string, upstream: Name, more?: string) => string;
  /** `PREFIX-a` and so on, one for each backend. */
  readonly services: (prefix?: string, more?: string) => string;
  /** The routes `web` and `rpc`; by default to orders-a and orders-g1. */
  readonly routes: (web?: string, rpc?: string, more?: string) => string;
}

export interface OrdersGateway {
  readonly gateway: Gateway;
  readonly upstreams: Readonly<Record<Name, Upstream>>;
  readonly yaml: OrdersYaml;
  /** Begins the load of 150 HTTP and 100 gRPC requests a second; answers take 40 ms, so that there are always some in flight. */
  load(): Promise<void>;
  /** Waits for so many answers more on both routes. */
  more(count: number): Promise<void>;
  /** Ends the load: failures by route, and the backends that were reached. */
  endLoad(): Promise<{ readonly failures: readonly LoadReport['failures'][]; readonly reached: string }>;
  /** Ends what load there is, makes all backends well, and goes back to the first configuration. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startOrdersGateway(): Promise<OrdersGateway> {
  const upstreams = {
    a: await startUpstream({ name: 'a' }),
    b: await startUpstream({ name: 'b' }),
    g1: await startUpstream({ name: 'g1', protocol: 'h2' }),
    g2: await startUpstream({ name: 'g2', protocol: 'h2' }),
  };
  const [port = 0, secondPort = 0] = await freePorts(2);
  const yaml = ordersYaml(upstreams, port, secondPort);
  const gateway = await startGateway({ config: yaml.config() });
  let loads: readonly Load[] = [];
  const more = async (count: number): Promise<void> => void (await Promise.all(loads.map((load) => load.more(count))));
  const endLoad: OrdersGateway['endLoad'] = async () => {
    await more(20);
    const reports = await Promise.all(loads.map((load) => load.stop()));
    loads = [];
    const reached = new Set(reports.flatMap(({ byUpstream }) => [...byUpstream.keys()]));
    return { failures: reports.map(({ failures }) => failures), reached: [...reached].sort().join() };
  };
  return {
    gateway,
    upstreams,
    yaml,
    load: async () => {
      loads = await startLoads(port);
      await more(20);
    },
    more,
    endLoad,
    reset: async () => {
      await Promise.all(loads.map((load) => load.stop()));
      loads = [];
      for (const upstream of Object.values(upstreams)) {
        upstream.reset();
        upstream.reply = () => ({ delayMs: 40 });
      }
      await gateway.apply(yaml.config());
    },
    stop: async () => {
      await gateway.stop();
      for (const upstream of Object.values(upstreams)) await upstream.close();
    },
  };
}

/** Answers may be slow on a busy machine: only what is very late is a failure. */
async function startLoads(port: number): Promise<readonly Load[]> {
  const timing = { timeoutMs: 15_000 };
  const rpc = grpcRequest('/shop.v1.Orders/Get', Buffer.from('x'), timing);
  return [
    await startLoad({ target: { port }, request: (n) => ({ path: `/orders/${n}`, ...timing }), perSecond: 150, lateAfterMs: 5_000 }),
    await startLoad({ target: { port, http: '2' }, request: () => rpc, perSecond: 100, lateAfterMs: 5_000 }),
  ];
}

function ordersYaml(upstreams: Readonly<Record<Name, Upstream>>, port: number, secondPort: number): OrdersYaml {
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
    port,
    secondPort,
    service,
    services,
    routes,
    config: (parts = {}) => `
listeners:
  http: {port: ${port}}
${parts.listeners ?? ''}
services:
${parts.services ?? services()}
routes:
${parts.routes ?? routes()}
`,
  };
}
