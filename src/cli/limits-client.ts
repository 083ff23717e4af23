// The API of limits (ratelimit R811) as its client: a control plane's, or that of a rate limiter alone.
import { ChanceryError } from '../lib/errors.ts';
import { fetchJson, postJson, problemOf } from './admin-client.ts';
import { type Counters, counterAnswer, type HotKey, hotList, type LimitList, limitList } from './limits-schema.ts';

export interface CounterQuestion {
  readonly deed: string;
  readonly gateway: string;
  readonly limit: string;
  readonly parts: Readonly<Record<string, string>>;
  readonly hits?: number;
}

/** All limits, and the stores of all workers. */
export function listLimits(server: string): Promise<LimitList> {
  return fetchJson(server, '/api/v1/limits', limitList);
}

export async function hotKeys(server: string, of: { readonly gateway: string; readonly limit: string }): Promise<readonly HotKey[]> {
  const query = new URLSearchParams({ ...of });
  return (await fetchJson(server, `/api/v1/limits/hot?${query.toString()}`, hotList)).keys;
}

/** Throws ERR_USAGE for what the limiter refuses, ERR_SERVER_UNREACHABLE where nobody answers as we do, or the store does not. */
export async function askCounter(server: string, question: CounterQuestion): Promise<Counters> {
  const { status, body } = await postJson(server, '/api/v1/limits/counter', question);
  const parsed = status === 200 ? counterAnswer.safeParse(body) : undefined;
  if (parsed?.success === true) return parsed.data;
  const problem = problemOf(body) ?? `${server} answered, but not as an API of limits does`;
  const isOut = status >= 500 || status === 200;
  throw new ChanceryError(isOut ? 'ERR_SERVER_UNREACHABLE' : 'ERR_USAGE', problem, {
    remedy: isOut ? 'chancery limits list says how its store is' : 'chancery limits list shows what there is',
  });
}
