// Files of the reference rate-limit service: CH12xx. Each with what docs/errors.md says of it; most mistakes there have codes of their kind.

export const REFERENCE_CODES = {
  CH1201: {
    title: 'A pattern stands in the key of a descriptor (warning).',
    cause:
      'The reference service compares such a pattern with key and value joined by "_", and so it is done here; few who write one mean that.',
    example: '{key: "user*", rate_limit: {unit: minute, requests_per_unit: 10}}',
    cure: '{key: user, value: "*", rate_limit: {unit: minute, requests_per_unit: 10}}',
  },
  CH1202: {
    title: 'A key of the language stands where it has no effect (warning).',
    cause: 'The reference service knows the key but ignores it at this place; so does this one.',
    example: '{key: user, unit: minute, requests_per_unit: 10}',
    cure: '{key: user, rate_limit: {unit: minute, requests_per_unit: 10}}',
  },
} as const;
