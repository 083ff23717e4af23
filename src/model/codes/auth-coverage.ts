// What `validate` tells of who may call beside the mistakes: CH283x. Each with what docs/errors.md says of it.

export const AUTH_COVERAGE_CODES = {
  CH2830: {
    title: 'Another spelling of a protected path leads to a weaker route.',
    cause:
      'Envoy tells spellings apart by case, slashes and path parameters; a backend that does not would serve what the route protects to everybody.',
    example:
      'routes:\n  - {name: admin, matches: [{path: {prefix: /admin}}], backends: [shop], auth: {jwt: main}}\n  - {name: rest, backends: [shop], auth: none}',
    cure: 'Protect the wider route too, or send it to a backend that does not know the path.',
  },
} as const;
