// The companion that counts: where it is, where it keeps counters, and how long Envoy waits for it (ratelimit §1).
import type { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { endpointAddress, host } from './address.ts';
import { companionTlsSchema } from './authz.ts';
import { certificatePem, privateKeyPem } from './certificate.ts';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { secretText } from './secret-text.ts';
import { exactlyOne, shape } from './shape.ts';
import { list, text, word } from './text.ts';
import { trustedCa } from './tls.ts';

export type RedisUrlConfig =
  | { readonly kind: 'single'; readonly host: string; readonly port: number; readonly db: number; readonly isTls: boolean }
  | { readonly kind: 'socket'; readonly path: string };

const DEFAULT_PORT = 6_379;

/** Without user and password, which have keys of their own, so that no address needs to be hidden. */
function redisUrl(): Scalar<RedisUrlConfig> {
  return scalar<RedisUrlConfig>({ type: 'string', examples: ['rediss://limits.internal:6379/0', 'unix:/run/redis.sock'] }, (value) => {
    if (typeof value !== 'string') return wrongType('the address of a Redis', value);
    if (/^unix:\/./.test(value)) return ok({ kind: 'socket', path: value.slice('unix:'.length) });
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const db = /^\/?(\d{0,5})$/.exec(url?.pathname ?? '-')?.[1];
    const isRedis =
      url !== undefined && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '' && url.port !== '0' && db !== undefined;
    if (!isRedis)
      return wrong('CH1123', 'this is not the address of a Redis', 'write redis://host:6379/0, rediss://host:6379 or unix:/run/redis.sock');
    if (url.username !== '' || url.password !== '')
      return wrong('CH1123', 'the address of a Redis holds no user and password', 'write username and password beside url');
    if (url.search !== '' || url.hash !== '')
      return wrong('CH1123', 'the address of a Redis holds nothing behind the number of its database', 'write what it says beside url');
    return ok({
      kind: 'single',
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      db: Number(db),
      isTls: url.protocol === 'rediss:',
    });
  });
}

/** Stands in front of `{hash}`, by which a Cluster finds the node: braces of its own would put all counters on one. */
function keyPrefix(): Scalar<string> {
  const pattern = /^[A-Za-z0-9._:-]{1,64}$/;
  return scalar({ type: 'string', pattern: pattern.source }, (value) => {
    if (typeof value !== 'string') return wrongType('a prefix', value);
    return pattern.test(value)
      ? ok(value)
      : wrong('CH1110', '{value} cannot be a prefix of keys', 'use 1 to 64 letters, digits, ".", "_", ":" and "-"');
  });
}

/** Of those that Envoy has names for, the ones that can mean it. */
export type DeniedStatus = (typeof DENIED_STATUSES)[number];

const DENIED_STATUSES = [400, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504] as const;

function deniedStatus(): Scalar<DeniedStatus> {
  return scalar({ type: 'integer', enum: DENIED_STATUSES }, (value) => {
    const found = DENIED_STATUSES.find((status) => String(status) === String(value));
    return found === undefined
      ? wrong('CH1107', `{value} is not a status for denials; expected one of ${DENIED_STATUSES.join(', ')}`)
      : ok(found);
  });
}

const redisTlsSchema = shape({
  ca: trustedCa().exactOptional().describe('Who must have signed the certificate of the Redis: system (default) or PEM text.'),
  cert: certificatePem().exactOptional().describe('Certificate that the limiter shows, as PEM text.'),
  key: privateKeyPem().exactOptional().describe('Its key as PEM text.'),
  serverName: host('a server name').exactOptional().describe('Name expected in the certificate. Default: the host.'),
});

const redisSchema = shape(
  {
    url: redisUrl().exactOptional().describe('redis://host:port/db, rediss:// with TLS, or unix:/path.'),
    sentinel: shape({
      name: text({ kind: 'the name of a master' }).describe('The master that the Sentinels watch.'),
      hosts: list(endpointAddress()).describe('Sentinels: host:port.'),
      password: secretText('a password').exactOptional().describe('Password of the Sentinels.'),
    })
      .exactOptional()
      .describe('Sentinels that know where the Redis is.'),
    cluster: list(endpointAddress()).exactOptional().describe('Some nodes of a Redis Cluster: host:port.'),
    username: text({ kind: 'a user name' }).exactOptional().describe('User of the ACL.'),
    password: secretText('a password').exactOptional().describe('Its password; usually "${file:redis.pw}".'),
    tls: redisTlsSchema.exactOptional().describe('Encrypt the way to it.'),
    timeout: duration().exactOptional().describe('For each batch of commands. Default 25ms.'),
    prefix: keyPrefix().exactOptional().describe('Of all keys. Default crl.'),
  },
  { rules: [exactlyOne('redis', ['url', 'sentinel', 'cluster'])] },
);

export const rateLimitServiceSchema = shape({
  store: word('memory', 'redis').exactOptional().describe('Where counters are: memory (default; one instance only) or redis.'),
  redis: redisSchema.exactOptional().describe('The Redis that all instances share.'),
  keySecret: secretText('a secret')
    .exactOptional()
    .describe('Keys the hashes of what is counted by; the same in all instances. Needed with redis.'),
  snapshotFile: text({ kind: 'a path' })
    .exactOptional()
    .describe('File on the machine of the limiter that keeps long windows of memory over restarts.'),
  timeout: duration().exactOptional().describe('How long Envoy waits for an answer. Default 50ms.'),
  deniedStatus: deniedStatus().exactOptional().describe('HTTP status of denials. Default 429.'),
  endpoints: list(endpointAddress())
    .exactOptional()
    .describe('Where it is: host:port or unix:/path. Default: the companions in this process and those that connect to it.'),
  tls: companionTlsSchema.exactOptional().describe('Encrypt the way to it, and show who asks; needed off the machine itself.'),
}).describe('The rate-limit companion.');

export type RateLimitServiceConfig = Immutable<z.output<typeof rateLimitServiceSchema>>;
