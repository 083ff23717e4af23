// Settings of `chancery authz`, from flags and environment variables: where it listens, where its policies come from, who may call it. Reads no
// files. Checked together, because a companion that strangers can call tells them which tokens and keys are good (authz G15).
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port is a number from 0 to 65535; 0 takes any free one')
  .transform(Number)
  .pipe(z.number().max(65_535, 'a port is at most 65535'));

const yesOrNo = z.enum(['true', 'false', '1', '0'], 'use true or false').transform((text) => text === 'true' || text === '1');
const file = z.string().min(1, 'a file is needed').optional();

const schema = z.object({
  server: z.string().regex(/^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i, 'write HOST:PORT of the xDS server'),
  gateway: z
    .string()
    .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
    .pipe(z.array(z.string().min(1, 'a gateway has a name')).min(1)),
  nodeId: z.string().min(1, 'a node id is needed').optional(),
  host: z.string().min(1, 'an address to listen on is needed'),
  port,
  listen: z
    .string()
    .regex(/^unix:\/.+$/, 'write unix: and an absolute path, such as unix:/run/chancery/authz.sock')
    .optional(),
  advertise: z.string().min(1, 'a host is needed').optional(),
  workers: z
    .string()
    .regex(/^\d{1,3}$/, 'write a whole number, at least 1')
    .transform(Number)
    .pipe(z.number().min(1, 'at least 1').max(128, 'at most 128'))
    .optional(),
  state: z.string().min(1, 'a directory is needed').optional(),
  reflection: yesOrNo,
  dev: yesOrNo,
  tlsCert: file,
  tlsKey: file,
  clientCa: file,
  clientNames: z.string().optional(),
  xdsCa: file,
  xdsServerName: z.string().optional(),
  xdsCert: file,
  xdsKey: file,
  metricsHost: z.string().min(1, 'an address is needed'),
  metricsPort: port.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error'], 'use debug, info, warn or error'),
  logFormat: z.enum(['auto', 'json', 'pretty'], 'use auto, json or pretty'),
});

type Parsed = z.output<typeof schema>;
export type RawAuthzSettings = { readonly [Name in keyof Parsed]?: string | undefined };

export interface AuthzSettings {
  /** `host:port`. */
  readonly server: string;
  readonly gateways: readonly string[];
  readonly nodeId: string | undefined;
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly advertise: string | undefined;
  /** Absent: one for each core. */
  readonly workers: number | undefined;
  readonly state: string | undefined;
  readonly reflection: boolean;
  readonly dev: boolean;
  /** Files, and names of client certificates; absent: plain text. */
  readonly security:
    | { readonly cert: string; readonly key: string; readonly clientCa: string; readonly clientNames: readonly string[] }
    | undefined;
  /** Towards the control plane; absent: plain text. */
  readonly xdsTls: { readonly ca: string; readonly serverName: string | undefined; readonly client: KeyPair | undefined } | undefined;
  readonly metricsHost: string;
  readonly metricsPort: number | undefined;
  readonly logLevel: Parsed['logLevel'];
  readonly logFormat: Parsed['logFormat'];
}

interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface AuthzSettingOrigin {
  readonly name: keyof RawAuthzSettings;
  readonly flag: string;
  readonly variable: string;
  readonly fallback?: string;
  /** Shown in the help for the value; a switch has none. */
  readonly value?: string;
  readonly help: string;
}

/** Checks settings as `parseSettings` does. Throws ERR_USAGE that names every wrong flag or variable. */
export function authzSettings(
  origins: readonly AuthzSettingOrigin[],
  flags: RawAuthzSettings,
  env: Readonly<Record<string, string | undefined>>,
): AuthzSettings {
  return companionSettings({ origins, danger: 'tell anybody who reaches it which tokens and keys are good' }, flags, env);
}

/** The same for a companion of any kind; `danger`: what a port without TLS beyond this machine would do. */
export function companionSettings(
  { origins, danger }: { readonly origins: readonly AuthzSettingOrigin[]; readonly danger: string },
  flags: RawAuthzSettings,
  env: Readonly<Record<string, string | undefined>>,
): AuthzSettings {
  const raw: Record<string, string> = {};
  const origin = new Map<string, string>();
  for (const { name, flag, variable, fallback } of origins) {
    const fromEnv = env[variable] === '' ? undefined : env[variable];
    const text = flags[name] ?? fromEnv ?? fallback;
    origin.set(name, flags[name] === undefined && fromEnv !== undefined ? variable : flag);
    if (text !== undefined) raw[name] = text;
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return checked(parsed.data, danger);
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return raw[name] === undefined ? `${origin.get(name)} is needed` : `${origin.get(name)} is "${raw[name]}": ${issue.message}`;
  });
  throw usage(problems.join('; '), '--help lists every flag and variable');
}

function checked({ gateway, host, port: first, listen, ...parsed }: Parsed, danger: string): AuthzSettings {
  const { tlsCert, tlsKey, clientCa, clientNames, xdsCa, xdsServerName, xdsCert, xdsKey, ...rest } = parsed;
  const { nodeId, advertise, workers, state, metricsPort, ...settings } = rest;
  const security = securityOf({ tlsCert, tlsKey, clientCa, clientNames });
  if (listen === undefined && !isLoopback(host) && security === undefined) {
    throw usage(`${host} is not this machine: refusing to ${danger}`, REMOTE_REMEDY);
  }
  if (listen === undefined && advertise === undefined && isWildcard(host)) {
    throw usage(`proxies cannot reach ${host}`, '--advertise HOST says under which address they reach this companion');
  }
  return {
    ...settings,
    nodeId,
    advertise,
    workers,
    state,
    metricsPort,
    gateways: gateway,
    address: listen === undefined ? { host, port: first } : { path: listen.slice('unix:'.length) },
    security,
    xdsTls: xdsTlsOf({ xdsCa, xdsServerName, xdsCert, xdsKey }),
  };
}

const REMOTE_REMEDY =
  'keep --host 127.0.0.1 or --listen unix:…, or add --tls-cert, --tls-key, --client-ca and --client-names with the names in the certificates of your proxies';

function securityOf({
  tlsCert: cert,
  tlsKey: key,
  clientCa,
  clientNames,
}: Pick<Parsed, 'tlsCert' | 'tlsKey' | 'clientCa' | 'clientNames'>): AuthzSettings['security'] {
  if ((cert ?? key ?? clientCa ?? clientNames) === undefined) return undefined;
  const names = (clientNames ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  if (cert === undefined || key === undefined || clientCa === undefined || names.length === 0)
    throw usage('TLS towards the proxies needs --tls-cert, --tls-key, --client-ca and --client-names together', REMOTE_REMEDY);
  const vague = names.find((name) => /^[*./]*$/.test(name));
  if (vague !== undefined) throw usage(`--client-names "${vague}" allows everybody`, REMOTE_REMEDY);
  return { cert, key, clientCa, clientNames: names };
}

function xdsTlsOf({
  xdsCa: ca,
  xdsServerName: serverName,
  xdsCert: cert,
  xdsKey: key,
}: Pick<Parsed, 'xdsCa' | 'xdsServerName' | 'xdsCert' | 'xdsKey'>): AuthzSettings['xdsTls'] {
  const remedy = '--xds-ca names the authorities of its certificate, --xds-cert and --xds-key our own certificate and key';
  if (ca === undefined) {
    if ((serverName ?? cert ?? key) === undefined) return undefined;
    throw usage('TLS to the control plane needs --xds-ca', remedy);
  }
  if ((cert === undefined) !== (key === undefined)) throw usage('--xds-cert and --xds-key belong together', remedy);
  return { ca, serverName, client: cert === undefined || key === undefined ? undefined : { cert, key } };
}

function isWildcard(host: string): boolean {
  return ['0.0.0.0', '::', '[::]'].includes(host);
}

function usage(message: string, remedy: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy });
}
