// The API of limits (ratelimit R811) as its client: a control plane's, or that of a rate limiter alone.
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';
import { adminUrl, fetchJson, problemOf, unreachable } from './admin-client.ts';

const listed = z.object({
  gateway: z.string(),
  name: z.string(),
  source: z.string().optional(),
  parts: z.array(z.string()),
  rates: z.array(z.string()),
  overrides: z.number(),
  mode: z.enum(['enforce', 'shadow']),
  onStoreFailure: z.string(),
  store: z.string(),
  revision: z.string(),
  isLingering: z.boolean(),
  decisions: z.record(z.string(), z.number()),
});
const hot = z.object({ hash: z.string(), hits: z.number(), error: z.number() });
const counters = z.object({
  limit: z.string(),
  applies: z.string(),
  counters: z.array(z.object({ hash: z.string(), rate: z.string(), used: z.number(), remaining: z.number(), resetMs: z.number() })),
});

export type ListedLimit = z.output<typeof listed>;
export type HotKey = z.output<typeof hot>;
export type Counters = z.output<typeof counters>;

export interface CounterQuestion {
  readonly deed: string;
  readonly gateway: string;
  readonly limit: string;
  readonly parts: Readonly<Record<string, string>>;
  readonly hits?: number;
}

const TIMEOUT_MS = 5_000;

export async function listLimits(server: string): Promise<readonly ListedLimit[]> {
  return (await fetchJson(server, '/api/v1/limits', z.object({ limits: z.array(listed) }))).limits;
}

export async function hotKeys(server: string, of: { readonly gateway: string; readonly limit: string }): Promise<readonly HotKey[]> {
  const query = new URLSearchParams({ ...of });
  return (await fetchJson(server, `/api/v1/limits/hot?${query.toString()}`, z.object({ keys: z.array(hot) }))).keys;
}

/** Throws ERR_USAGE for what the limiter refuses, ERR_SERVER_UNREACHABLE where nobody answers as we do, or the store does not. */
export async function askCounter(server: string, question: CounterQuestion): Promise<Counters> {
  const { status, text } = await post(server, question);
  if (status === 200) {
    const parsed = counters.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  }
  const problem = problemOf(text) ?? `${server} answered, but not as an API of limits does`;
  throw new ChanceryError(status >= 500 || status === 200 ? 'ERR_SERVER_UNREACHABLE' : 'ERR_USAGE', problem, {
    remedy: 'chancery limits list shows what there is',
  });
}

async function post(server: string, question: CounterQuestion): Promise<{ readonly status: number; readonly text: string }> {
  const url = adminUrl(server, '/api/v1/limits/counter');
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw unreachable(server, cause);
  }
}
