// The program's log: one event a line, JSON, or readable text on a terminal (operating.md §5). Writes no secrets; reads no settings.
import { createRequire } from 'node:module';
import pino from 'pino';

/** The fields that log lines share; others are allowed. `event` is a stable name such as `config.accepted`. */
export interface LogFields {
  readonly event?: string;
  readonly gateway?: string;
  readonly revision?: string;
  readonly node_id?: string;
  readonly type_url?: string;
  readonly nonce?: string;
  readonly error_code?: string;
  /** `file:line` of the user's configuration. */
  readonly source?: string;
  readonly request_id?: string;
  readonly trace_id?: string;
  readonly route?: string;
  readonly reason?: string;
  readonly duration_ms?: number;
  readonly err?: unknown;
  readonly [field: string]: unknown;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the parts of the program get: pino's shape, fields first. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
}

/** Where lines go; `process.stderr` and test sinks fit. */
export interface LogSink {
  write(line: string): unknown;
}

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel | 'silent';
  /** Readable text instead of JSON. Default false. */
  readonly pretty?: boolean;
  /** Colours; only with `pretty`. Default false. */
  readonly color?: boolean;
  /** Default: standard error, written at once, so that no line is lost when the process ends. */
  readonly sink?: LogSink;
}

const SECRET_FIELDS = [
  'authorization',
  'proxy_authorization',
  '["proxy-authorization"]',
  'cookie',
  'cookies',
  '["set-cookie"]',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'password',
  'api_key',
  'apiKey',
  '["x-api-key"]',
  'key',
  'private_key',
  'privateKey',
  'secret',
  'inline_string',
  'inline_bytes',
] as const;

/** Paths that are never written: each secret field at the top and up to three levels down. Compiled once per logger. */
const REDACTED_PATHS: readonly string[] = ['', '*', '*.*', '*.*.*'].flatMap((prefix) =>
  SECRET_FIELDS.map((field) => (prefix === '' || field.startsWith('[') ? `${prefix}${field}` : `${prefix}.${field}`)),
);

/**
 * Builds the program's logger. Lines carry `time` (ISO), `level` (text), `msg`, `service: "chancery"` and the given fields;
 * an error under `err` is written with its code and causes. Values under names of secrets, and `Secret` values, come out as `[redacted]`.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const settings: pino.LoggerOptions = {
    level: options.level ?? 'info',
    base: { service: 'chancery' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: [...REDACTED_PATHS], censor: '[redacted]' },
  };
  return pino(settings, destination(options));
}

function destination(options: LoggerOptions): pino.DestinationStream {
  const sink = options.sink ?? pino.destination({ dest: 2, sync: true });
  return options.pretty === true ? prettyStream(sink, options.color === true) : sink;
}

function prettyStream(sink: LogSink, color: boolean): pino.DestinationStream {
  // Loaded on use: a server that writes JSON should not pay for it at start.
  const { prettyFactory }: typeof import('pino-pretty') = createRequire(import.meta.url)('pino-pretty');
  const format = prettyFactory({ colorize: color, ignore: 'service,event', translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return { write: (line) => void sink.write(format(line)) };
}
