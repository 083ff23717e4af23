// What the cases of PB11 ask: one limit by the subject of a token, as our own table and as a file of the reference service, and requests for it.
import { loadEnvoyApi } from '../../dist/proto/api.js';

const api = loadEnvoyApi();

/** A table with the limit `per-user`, by default of windows that no run crosses. */
export const ownTable = (limit, algorithm, hours = 8_784) => ({
  revision: 'r1',
  domains: [
    {
      domain: 'chancery.edge',
      limits: [
        {
          name: 'per-user',
          parts: [{ part: 'jwt.sub', entry: 'jwt.sub' }],
          whenMissing: 'share',
          rates: [{ limit, algorithm, periodUs: hours * 3_600_000_000, burst: limit }],
          overrides: [],
          mode: 'enforce',
          replaces: [],
          onStoreFailure: 'local',
          headers: 'draft',
        },
      ],
    },
  ],
});

export const referenceTable = {
  revision: 'r1',
  domains: [
    {
      domain: 'chancery.edge',
      descriptors: [
        {
          key: 'limit',
          value: 'per-*',
          descriptors: [
            {
              key: 'jwt.sub',
              limit: { name: '', replaces: [], rate: { unit: 'hour', requestsPerUnit: 4_000_000_000 } },
              descriptors: [],
              source: '',
            },
          ],
          source: '',
        },
      ],
    },
  ],
};

/** The same as a file. */
export const REFERENCE_FILE = [
  'domain: chancery.edge',
  'descriptors:',
  '  - key: limit',
  '    value: per-*',
  '    descriptors:',
  '      - {key: jwt.sub, rate_limit: {unit: hour, requests_per_unit: 4000000000}}',
  '',
].join('\n');

/** The bytes of so many requests, each of another subject. */
export const requestsOf = (count, prefix = '') => Array.from({ length: count }, (_, index) => request(`${prefix}${index}`));

function request(key) {
  return api.encode('envoy.service.ratelimit.v3.RateLimitRequest', {
    domain: 'chancery.edge',
    descriptors: [
      {
        entries: [
          { key: 'limit', value: 'per-user' },
          { key: 'jwt.sub', value: `auth0|5f7c8ec7c33c6c004bbafe${key}` },
        ],
      },
    ],
  });
}
