// Runtime values: CH27xx. Each with what docs/errors.md says of it.

export const RUNTIME_CODES = {
  CH2701: {
    title: 'A runtime value that is not yours to set.',
    cause: 'Generated bootstraps set it, and another value would make proxies refuse what was accepted here.',
    example: 'runtime: {re2.max_program_size.error_level: 100}',
    cure: 'Leave it out.',
  },
  CH2702: {
    title: 'A switch of Envoy that is neither true nor false.',
    cause: 'Values of envoy.reloadable_features and envoy.restart_features are switches; Envoy ignores anything else.',
    example: 'runtime: {envoy.reloadable_features.http2_use_oghttp2: 50%}',
    cure: 'runtime: {envoy.reloadable_features.http2_use_oghttp2: true}',
  },
} as const;
