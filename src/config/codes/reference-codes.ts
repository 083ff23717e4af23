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
  CH1203: {
    title: 'It is not known what a key of descriptors is in requests.',
    cause:
      'Files of the reference service name what Envoy sends, and only its configuration says what that is. Keys that Envoy fixes are known; for all others `import ratelimit` must be told.',
    example: 'chancery import ratelimit limits/   # with {key: user_id, …}',
    cure: 'chancery import ratelimit limits/ --map user_id=header.x-user-id',
  },
  CH1204: {
    title: 'Something of the reference service is not carried over by `import ratelimit` (warning).',
    cause: 'Our limits have no such thing. No answer to a request changes by it.',
    example: '{key: user, detailed_metric: true, rate_limit: {unit: minute, requests_per_unit: 10}}',
    cure: 'chancery limits hot NAME   # tells the keys that are asked most, as hashes; metrics never hold values',
  },
  CH1205: {
    title: 'Some requests will be answered otherwise after `import ratelimit` (warning).',
    cause:
      'Our limits cannot say exactly this, or what a key is was guessed. The message says which requests; until that is mended `chancery ratelimit --reference-config` serves the files as they are.',
    example: '{key: user, quota_mode: true, rate_limit: {unit: minute, requests_per_unit: 10}}',
    cure: '{key: user, rate_limit: {unit: minute, requests_per_unit: 10}}',
  },
  CH1206: {
    title: 'No request reaches a descriptor, so `import ratelimit` leaves it out (warning).',
    cause: 'A pattern that comes before it fits everything that it fits, and the reference never goes on; or its value cannot be sent.',
    example: 'descriptors: [{key: path, value: "/a*", …}, {key: path, value: "/ab*", …}]',
    cure: 'descriptors: [{key: path, value: "/ab*", …}, {key: path, value: "/a*", …}]',
  },
} as const;
