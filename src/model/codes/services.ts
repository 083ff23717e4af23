// Services: CH26xx. Each with what docs/errors.md says of it.

export const SERVICE_CODES = {
  CH2601: {
    title: 'Unix sockets beside host names that the proxy resolves.',
    cause: 'Envoy resolves host names in a kind of cluster that takes no sockets.',
    example: 'orders: {resolve: proxy, endpoints: ["unix:/run/orders.sock", "orders.internal:8080"]}',
    cure: 'Leave resolve: proxy out, make two services of it and name both in the route, or write IP addresses.',
  },
  CH2602: {
    title: 'An endpoint stands twice.',
    cause: 'Envoy uses it once.',
    example: 'endpoints: ["a:80", "A:80"]',
    cure: 'endpoints: [{address: "a:80", weight: 2}]',
  },
  CH2603: {
    title: 'Weights of endpoints add up to more than Envoy counts.',
    cause: 'The sum over one priority must not exceed 4294967295.',
    example: 'endpoints: [{address: "a:80", weight: 4294967295}, "b:80"]',
    cure: 'Divide all weights by the same number.',
  },
  CH2604: {
    title: 'A gRPC health check of a service that speaks HTTP/1.1.',
    cause: 'gRPC needs HTTP/2; Envoy refuses such a cluster.',
    example: 'orders: {endpoints: ["a:80"], healthCheck: {grpc: true}}',
    cure: 'orders: {endpoints: ["a:80"], protocol: grpc, healthCheck: {grpc: true}}',
  },
  CH2605: {
    title: 'The size of a Maglev table is no prime number.',
    cause: 'Maglev steps through the table by numbers that must not divide its size; Envoy refuses others.',
    example: 'loadBalancer: {maglev: {tableSize: 65536}}',
    cure: 'loadBalancer: {maglev: {tableSize: 65537}}',
  },
  CH2606: {
    title: 'A hash ring is smaller at most than at least.',
    cause: 'Envoy refuses it.',
    example: 'loadBalancer: {ringHash: {minRingSize: 2048, maxRingSize: 1024}}',
    cure: 'loadBalancer: {ringHash: {minRingSize: 1024, maxRingSize: 2048}}',
  },
  CH2607: {
    title: 'The longest ejection is shorter than the first.',
    cause: 'Every ejection lasts at least baseEjectionTime.',
    example: 'outlierDetection: {baseEjectionTime: 30s, maxEjectionTime: 10s}',
    cure: 'outlierDetection: {baseEjectionTime: 5s, maxEjectionTime: 10s}',
  },
  CH2608: {
    title: 'The name in the certificates of a service is not checked.',
    cause: 'The endpoints have no common host name and none is written, so any certificate of a trusted authority is taken.',
    example: 'orders: {endpoints: ["10.0.0.1:443"], tls: {}}',
    cure: 'orders: {endpoints: ["10.0.0.1:443"], tls: {sni: orders.internal}}',
  },
} as const;
