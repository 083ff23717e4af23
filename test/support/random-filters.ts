// Random CORS policies, faults and runtime values.
import fc from 'fast-check';
import { duration, headerName, oneOf, percent, some } from './random-text.ts';

const origin = oneOf<unknown>(
  'https://shop.test',
  'HTTP://Shop.test:80',
  'https://*.shop.test',
  'https://*.shop.test:8443',
  'https://[::1]:8443',
  'http://localhost:5173',
  'chrome-extension://abcdef',
  '*',
  { regex: 'https://pr-[0-9]+\\.test' },
  { regex: '.*' },
  { regex: '(' },
  'https://shop.test/',
);
const names = fc.uniqueArray(fc.oneof({ weight: 5, arbitrary: headerName }, { weight: 1, arbitrary: oneOf('*') }), {
  minLength: 1,
  maxLength: 3,
});

export const cors = fc.oneof(
  { weight: 1, arbitrary: oneOf<unknown>('none') },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.array(origin, { minLength: 1, maxLength: 3 }),
        some({
          methods: fc.uniqueArray(oneOf('GET', 'PUT', 'OPTIONS', 'M-SEARCH'), { minLength: 1 }),
          headers: names,
          exposeHeaders: names,
          credentials: fc.boolean(),
          maxAge: duration,
          privateNetwork: fc.boolean(),
        }),
      )
      .map(([origins, more]) => ({ ...more, origins })),
  },
);

const delay = fc.tuple(duration, some({ percent })).map(([fixed, more]) => ({ ...more, fixed }));
const abort = fc
  .tuple(oneOf<object>({ status: 200 }, { status: 599 }, { grpcStatus: 'unavailable' }, { grpcStatus: 'cancelled' }), some({ percent }))
  .map(([status, more]) => ({ ...more, ...status }));
export const fault = fc.oneof(
  delay.map((value) => ({ delay: value })),
  abort.map((value) => ({ abort: value })),
  fc.record({ delay, abort }),
);

export const runtime = fc.dictionary(
  oneOf(
    'a',
    'a.b',
    'fault.http.abort.http_status',
    'envoy.reloadable_features.dfp_cluster_resolves_hosts',
    'x-y.z_1',
    're2.max_program_size.error_level',
    'a b',
  ),
  oneOf<unknown>(true, false, 0, 100, -1, 0.5, '0.5%', '100%', '0.0001%', 'true', '7', 'text', '', 'ä %', '{"a": 1}', '1%%'),
  { maxKeys: 4 },
);
