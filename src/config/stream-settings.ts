// Settings of the process about the streams of proxies: how many come in at once, how old their connections grow, how long a stop may take.
import { z } from 'zod';

export interface StreamSettings {
  /** From this age on clients are asked to connect anew (T7). Absent: never. */
  readonly maxConnectionAgeMs?: number;
  /** Longest that a stop waits for streams in the middle of a change (T8). */
  readonly stopWithinMs: number;
  /** New streams that are read from within a second; more wait (T9). */
  readonly streamsPerSecond: number;
  /** Full first pushes at once; more wait (T9). */
  readonly firstPushes: number;
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h)$/, 'write a whole number and ms, s, m or h, such as 10h')
  .transform((text) => Number.parseInt(text, 10) * unitMs(text));

const count = z
  .string()
  .regex(/^\d{1,9}$/, 'write a whole number, at least 1')
  .transform(Number)
  .pipe(z.number().min(1, 'at least 1'));

/** By the names of `STREAM_SETTINGS`. */
export const streamSettingsSchema = {
  xdsMaxConnectionAge: duration.pipe(z.number().min(1_000, 'at least 1s')).optional(),
  xdsStopWithin: duration,
  xdsNewStreams: count,
  xdsFirstPushes: count,
};

export const STREAM_SETTINGS = [
  {
    name: 'xdsMaxConnectionAge',
    flag: '--xds-max-connection-age',
    variable: 'CHANCERY_XDS_MAX_CONNECTION_AGE',
    help: 'from this age on proxies are asked to connect anew, between changes, so that they spread over replicas; without it never',
  },
  {
    name: 'xdsStopWithin',
    flag: '--xds-stop-within',
    variable: 'CHANCERY_XDS_STOP_WITHIN',
    fallback: '10s',
    help: 'longest that a stop waits for proxies in the middle of a change; 0s: not at all',
  },
  {
    name: 'xdsNewStreams',
    flag: '--xds-new-streams',
    variable: 'CHANCERY_XDS_NEW_STREAMS',
    fallback: '1000',
    help: 'new streams that are served within a second; more wait in order',
  },
  {
    name: 'xdsFirstPushes',
    flag: '--xds-first-pushes',
    variable: 'CHANCERY_XDS_FIRST_PUSHES',
    fallback: '32',
    help: 'proxies that are sent a large configuration for the first time at once; more wait in order',
  },
] as const;

/** From what the schema gave. */
export function streamSettings(parsed: {
  readonly xdsMaxConnectionAge?: number | undefined;
  readonly xdsStopWithin: number;
  readonly xdsNewStreams: number;
  readonly xdsFirstPushes: number;
}): StreamSettings {
  const { xdsMaxConnectionAge, xdsStopWithin, xdsNewStreams, xdsFirstPushes } = parsed;
  return {
    ...(xdsMaxConnectionAge === undefined ? {} : { maxConnectionAgeMs: xdsMaxConnectionAge }),
    stopWithinMs: xdsStopWithin,
    streamsPerSecond: xdsNewStreams,
    firstPushes: xdsFirstPushes,
  };
}

function unitMs(text: string): number {
  if (text.endsWith('ms')) return UNITS.ms;
  if (text.endsWith('s')) return UNITS.s;
  return text.endsWith('m') ? UNITS.m : UNITS.h;
}
