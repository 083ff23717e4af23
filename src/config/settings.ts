// Settings of the process itself, from flags and environment variables: ports, places, log. The gateway's configuration is not read here.
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import { Secret } from '../lib/secret.ts';
import { ROLLOUT_SETTINGS, type RolloutProcessSettings, rolloutSettingsSchema } from './rollout-settings.ts';
import { STREAM_SETTINGS, type StreamSettings, streamSettings, streamSettingsSchema } from './stream-settings.ts';
import { type XdsSecurity, xdsSecurity } from './xds-security.ts';

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port is a number from 0 to 65535; 0 takes any free one')
  .transform(Number)
  .pipe(z.number().max(65_535, 'a port is at most 65535'));

const yesOrNo = z.enum(['true', 'false', '1', '0'], 'use true or false').transform((text) => text === 'true' || text === '1');

const schema = z.object({
  host: z.string().min(1, 'an address to listen on is needed'),
  xdsPort: port,
  adminPort: port,
  authzPort: port,
  companions: z.enum(['auto', 'in-process', 'none'], 'use auto, in-process or none'),
  ratelimitPort: port,
  xdsRestPort: port.optional(),
  xdsTlsCert: z.string().optional(),
  xdsTlsKey: z.string().optional(),
  xdsClientCa: z.string().optional(),
  xdsClientNames: z.string().optional(),
  xdsCompanionNames: z.string().optional(),
  ...streamSettingsSchema,
  ...rolloutSettingsSchema,
  state: z.string().min(1, 'a directory is needed').optional(),
  redis: z.url({ protocol: /^rediss?$/, error: 'use redis://HOST:PORT or rediss://HOST:PORT' }).optional(),
  insecurePlaintext: yesOrNo,
  logLevel: z.enum(['debug', 'info', 'warn', 'error'], 'use debug, info, warn or error'),
  logFormat: z.enum(['auto', 'json', 'pretty'], 'use auto, json or pretty'),
});

/** Text as it came from a flag or the environment; absent takes the default. */
export type RawSettings = { readonly [Name in keyof z.input<typeof schema>]?: string | undefined };

export interface Settings extends RolloutProcessSettings {
  /** Address of the xDS ports. Default 127.0.0.1. */
  readonly host: string;
  /** Address of the admin port, which has no TLS: loopback unless plain text was allowed beyond it. */
  readonly adminHost: string;
  /** 0: any free port. Defaults 18000, 18080, 18001, 18002. */
  readonly xdsPort: number;
  readonly adminPort: number;
  readonly authzPort: number;
  /** Whether companions run in this process: `auto`, where `host` is loopback, since they listen on loopback only (authz G15). */
  readonly companions: 'auto' | 'in-process' | 'none';
  readonly ratelimitPort: number;
  /** REST polling; absent: not offered. */
  readonly xdsRestPort?: number;
  /** Absent: plain text. */
  readonly xdsSecurity?: XdsSecurity;
  readonly xdsStreams: StreamSettings;
  /** Directory of what must survive a restart; absent: nothing is kept. */
  readonly state?: string;
  readonly redis?: Secret;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'auto' | 'json' | 'pretty';
}

export interface SettingOrigin {
  readonly name: keyof RawSettings;
  readonly flag: string;
  readonly variable: string;
  readonly fallback?: string;
  readonly help: string;
}

/** Flag, environment variable and default of each setting; help texts and messages use the same table. */
export const SETTINGS: readonly SettingOrigin[] = [
  { name: 'xdsPort', flag: '--xds-port', variable: 'CHANCERY_XDS_PORT', fallback: '18000', help: 'port of the xDS server; 0: any' },
  { name: 'adminPort', flag: '--admin-port', variable: 'CHANCERY_ADMIN_PORT', fallback: '18080', help: 'port of API and page; 0: any' },
  {
    name: 'authzPort',
    flag: '--authz-port',
    variable: 'CHANCERY_AUTHZ_PORT',
    fallback: '18001',
    help: 'port of the authz companion in this process, on loopback; opened when a gateway has a policy for it; 0: any',
  },
  {
    name: 'companions',
    flag: '--companions',
    variable: 'CHANCERY_COMPANIONS',
    fallback: 'auto',
    help: 'in-process: companions run here, for proxies of this machine; none: they run elsewhere (chancery authz, chancery ratelimit); auto: here, where --host is loopback',
  },
  {
    name: 'ratelimitPort',
    flag: '--ratelimit-port',
    variable: 'CHANCERY_RATELIMIT_PORT',
    fallback: '18002',
    help: 'port of the rate-limit companion in this process, on loopback; opened when a gateway has a limit for it; 0: any',
  },
  { name: 'host', flag: '--host', variable: 'CHANCERY_HOST', fallback: '127.0.0.1', help: 'address of all ports' },
  {
    name: 'insecurePlaintext',
    flag: '--insecure-plaintext',
    variable: 'CHANCERY_INSECURE_PLAINTEXT',
    fallback: 'false',
    help: 'allow a --host that other machines reach, without TLS: only where the network itself is trusted',
  },
  {
    name: 'xdsTlsCert',
    flag: '--xds-tls-cert',
    variable: 'CHANCERY_XDS_TLS_CERT',
    help: 'certificate of the xDS ports with its chain (PEM): TLS instead of plain text',
  },
  { name: 'xdsTlsKey', flag: '--xds-tls-key', variable: 'CHANCERY_XDS_TLS_KEY', help: 'key of that certificate (PEM)' },
  {
    name: 'xdsClientCa',
    flag: '--xds-client-ca',
    variable: 'CHANCERY_XDS_CLIENT_CA',
    help: 'authorities of client certificates (PEM): each client may then only read the gateway that its certificate names',
  },
  {
    name: 'xdsClientNames',
    flag: '--xds-client-names',
    variable: 'CHANCERY_XDS_CLIENT_NAMES',
    help: 'names of client certificates that allow a gateway, with {gateway}, {node} and *, separated by commas',
  },
  {
    name: 'xdsCompanionNames',
    flag: '--xds-companion-names',
    variable: 'CHANCERY_XDS_COMPANION_NAMES',
    help: 'the same for companions, which get the secrets of its policies',
  },
  {
    name: 'xdsRestPort',
    flag: '--xds-rest-port',
    variable: 'CHANCERY_XDS_REST_PORT',
    help: 'port of xDS by REST polling; without it there is none; 0: any',
  },
  ...STREAM_SETTINGS,
  {
    name: 'state',
    flag: '--state',
    variable: 'CHANCERY_STATE',
    help: 'directory that keeps revisions and the last good configuration over restarts',
  },
  ...ROLLOUT_SETTINGS,
  {
    name: 'redis',
    flag: '--redis',
    variable: 'CHANCERY_REDIS',
    help: 'Redis of the rate-limit companion in this process, in place of the one in rateLimitService: redis://, rediss://, unix:/, redis-sentinel:// or redis-cluster://',
  },
  { name: 'logLevel', flag: '--log-level', variable: 'CHANCERY_LOG_LEVEL', fallback: 'info', help: 'debug, info, warn or error' },
  {
    name: 'logFormat',
    flag: '--log-format',
    variable: 'CHANCERY_LOG_FORMAT',
    fallback: 'auto',
    help: 'json, pretty, or auto: pretty on a terminal',
  },
];

/**
 * Checks settings; a flag wins over the environment variable, an empty variable counts as absent.
 * Throws ERR_USAGE that names every wrong flag or variable. Other addresses than loopback need TLS with client certificates (O8),
 * or `insecurePlaintext` to say that the network itself is trusted. The admin port has no TLS yet (O7): it stays on loopback without the latter.
 */
export function parseSettings(flags: RawSettings, env: Readonly<Record<string, string | undefined>>): Settings {
  const origin = new Map<string, string>();
  const raw: Record<string, string> = {};
  for (const { name, flag, variable, fallback } of SETTINGS) {
    const fromFlag = flags[name];
    const fromEnv = env[variable] === '' ? undefined : env[variable];
    const text = fromFlag ?? fromEnv ?? fallback;
    origin.set(name, fromFlag === undefined && fromEnv !== undefined ? variable : flag);
    if (text !== undefined) raw[name] = text;
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `${origin.get(name)} is "${name === 'redis' ? '[redacted]' : raw[name]}": ${issue.message}`;
    });
    throw new ChanceryError('ERR_USAGE', problems.join('; '), { remedy: 'chancery serve --help lists every flag and variable' });
  }
  return checkedSettings(parsed.data);
}

function checkedSettings(parsed: z.output<typeof schema>): Settings {
  const { insecurePlaintext, redis, state, xdsTlsCert, xdsTlsKey, xdsClientCa, xdsClientNames, xdsCompanionNames, xdsRestPort, ...others } =
    parsed;
  const { xdsMaxConnectionAge, xdsStopWithin, xdsNewStreams, xdsFirstPushes, history, ...settings } = others;
  const security = xdsSecurity({ xdsTlsCert, xdsTlsKey, xdsClientCa, xdsClientNames, xdsCompanionNames });
  const isSafe = isLoopback(settings.host) || insecurePlaintext;
  if (!isSafe && security?.clientCa === undefined) {
    throw new ChanceryError('ERR_USAGE', `refusing to serve keys and configuration to anybody who reaches ${settings.host}`, {
      remedy:
        'keep --host 127.0.0.1, add --xds-tls-cert, --xds-tls-key and --xds-client-ca, or --insecure-plaintext where the network itself is trusted (a container network, a tunnel)',
    });
  }
  return {
    ...settings,
    historyLimit: history,
    adminHost: isSafe ? settings.host : '127.0.0.1',
    xdsStreams: streamSettings({ xdsMaxConnectionAge, xdsStopWithin, xdsNewStreams, xdsFirstPushes }),
    ...(xdsRestPort === undefined ? {} : { xdsRestPort }),
    ...(security === undefined ? {} : { xdsSecurity: security }),
    ...(state === undefined ? {} : { state }),
    ...(redis === undefined ? {} : { redis: new Secret(redis) }),
  };
}
