// The text of a gateway of any size, as people write it: many host names, several routes each, services with protection and health checks.

/** The size that goals speak of. */
export const LARGE = { name: '10,000 routes, 2,000 services', routes: 10_000, services: 2_000 };
export const SMALL = { name: '1,000 routes, 200 services', routes: 1_000, services: 200 };

const ROUTES_PER_HOST = 100;

/** `edited`: the number of the route whose timeout is another one than at first. */
export function gatewayText({ routes, services, edited = -1, timeout = '4s' }) {
  return [
    'version: v1',
    'gateway: edge',
    'listeners:',
    '  http: {port: 10000}',
    'services:',
    ...numbers(services).map(serviceText),
    'routes:',
    ...numbers(routes).map((number) => routeText({ number, services, timeout: number === edited ? timeout : '3s' })),
    '',
  ].join('\n');
}

function numbers(count) {
  return Array.from({ length: count }, (_, index) => index);
}

function serviceText(number) {
  const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  return [
    `  orders-${number}:`,
    `    endpoints: ["${address}:8080", "${address}:8081"]`,
    `    protocol: ${['http1', 'h2', 'grpc'][number % 3]}`,
    '    loadBalancer: leastRequest',
    '    connectTimeout: 2s',
    '    healthCheck: {http: {path: /healthz}, interval: 10s, timeout: 1s, unhealthyThreshold: 3, healthyThreshold: 2}',
    '    circuitBreaker: {maxRequests: 500, maxPendingRequests: 100}',
    '    outlierDetection: {consecutive5xx: 5, interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 10}',
  ].join('\n');
}

function routeText({ number, services, timeout }) {
  return [
    `  - name: orders-${number}`,
    `    hostnames: [shop-${Math.floor(number / ROUTES_PER_HOST)}.example.com]`,
    '    matches:',
    `      - path: {prefix: /orders/${number}}`,
    '        methods: [GET]',
    `    backends: [orders-${number % services}]`,
    `    timeout: ${timeout}`,
    '    retry: {attempts: 2, retryOn: [connect-failure, refused-stream], perTryTimeout: 1s}',
    '    requestHeaders: {set: {x-team: checkout}}',
  ].join('\n');
}
