// Which of several routes answers (C1): CH25xx. Each with what docs/errors.md says of it.

export const PRECEDENCE_CODES = {
  CH2501: {
    title: 'Two routes match the same requests.',
    cause: 'On one listener and host they have equal matches. The order of routes never decides, so nothing would.',
    example:
      'routes:\n  - {name: a, matches: [{path: {prefix: /orders}}], backends: [a]}\n  - {name: b, matches: [{path: {prefix: /orders/}}], backends: [b]}',
    cure: 'Change one match, remove one route, or give one a higher priority.',
  },
  CH2502: {
    title: 'Nothing decides between two routes for some requests.',
    cause: 'Both have the same path and as many conditions, and a request can meet both; then only the names of the routes decide.',
    example:
      'routes:\n  - {name: a, matches: [{headers: {x-beta: "1"}}], backends: [a]}\n  - {name: b, matches: [{headers: {x-debug: "1"}}], backends: [b]}',
    cure: 'Give the one that shall answer a higher priority: priority: 1',
  },
  CH2503: {
    title: 'A route has the same match twice.',
    cause: 'The second has no effect.',
    example: 'matches: [{path: {prefix: /a}}, {path: {prefix: /a/}}]',
    cure: 'matches: [{path: {prefix: /a}}]',
  },
  CH2504: {
    title: 'A route can never be reached.',
    cause: 'Another route with a higher priority takes all requests that it would match.',
    example:
      'routes:\n  - {name: all, priority: 10, backends: [a]}\n  - {name: orders, matches: [{path: {prefix: /orders}}], backends: [b]}',
    cure: 'Lower the priority of the wider route, or remove the hidden one.',
  },
} as const;
