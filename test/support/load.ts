// Steady load through a proxy: so many requests a second over kept-open connections, whatever the answers take. Each answer that is not a
// success, each reset and each late answer is kept with its moment. Nothing is retried but what HTTP/2 itself says was never sent.

import { grpcAnswer } from './grpc-call.ts';
import { type ConnectionTarget, type HttpConnection, type HttpRequest, type HttpResponse, openConnection } from './http-client.ts';

export interface LoadOptions {
  readonly target: ConnectionTarget;
  /** The n-th request, from 0. */
  readonly request: (n: number) => HttpRequest;
  readonly perSecond: number;
  /** Connections for HTTP/1.1 that are kept open, at first; HTTP/2 uses one. 0: each request has a connection of its own. Default 4. */
  readonly connections?: number;
  /** No more are sent while so many wait for their answer, so that a busy machine is not buried under its own test. Default: no bound. */
  readonly mostUnderWay?: number;
  /** An answer that took longer is a failure. Default 2,000. */
  readonly lateAfterMs?: number;
  /** Decides over an answer: undefined, or what is wrong. Default: 2xx, and grpc-status 0 where the answer is gRPC. */
  readonly judge?: (response: HttpResponse) => string | undefined;
}

export interface LoadFailure {
  readonly n: number;
  /** Since the load began. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly problem: string;
}

export interface Load {
  /** Answered or failed so far. */
  readonly done: number;
  readonly failures: readonly LoadFailure[];
  /** Answers by `x-upstream` header. */
  readonly byUpstream: ReadonlyMap<string, number>;
  /** Resolves when so many requests more have been answered. */
  more(count: number): Promise<void>;
  /** Sends no more, waits for the answers that are under way. */
  stop(): Promise<LoadReport>;
}

export interface LoadReport {
  readonly sent: number;
  readonly failures: readonly LoadFailure[];
  readonly byUpstream: ReadonlyMap<string, number>;
  /** Connections opened after the first ones: because the server closed or drained one, or because all were busy. */
  readonly opened: number;
}

export async function startLoad(options: LoadOptions): Promise<Load> {
  const pool = await openPool(options.target, options.connections ?? (options.target.http === '2' ? 1 : 4));
  const startedAt = performance.now();
  const failures: LoadFailure[] = [];
  const byUpstream = new Map<string, number>();
  const waiting = new Set<{ at: number; resolve: () => void }>();
  const underWay = new Set<Promise<void>>();
  const count = { sent: 0, done: 0, left: 0 };
  const one = async (n: number): Promise<void> => {
    const begun = performance.now();
    const problem = await attempt(pool, options, n, byUpstream);
    const tookMs = performance.now() - begun;
    const late = tookMs > (options.lateAfterMs ?? 2_000) ? `took ${Math.round(tookMs)} ms` : undefined;
    const found = problem ?? late;
    if (found !== undefined) failures.push({ n, atMs: Math.round(begun - startedAt), tookMs: Math.round(tookMs), problem: found });
    count.done += 1;
    for (const wait of waiting) if (count.done >= wait.at && waiting.delete(wait)) wait.resolve();
  };
  // Open loop: what is due by the clock is sent, so a stalled proxy is not spared.
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * options.perSecond) / 1_000);
    while (count.sent + count.left < due) {
      if (underWay.size >= (options.mostUnderWay ?? Number.POSITIVE_INFINITY)) {
        count.left = due - count.sent;
        return;
      }
      const running = one(count.sent).finally(() => underWay.delete(running));
      underWay.add(running);
      count.sent += 1;
    }
  }, 5);
  return {
    get done() {
      return count.done;
    },
    failures,
    byUpstream,
    more: (more) => new Promise((resolve) => waiting.add({ at: count.done + more, resolve })),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      pool.close();
      return { sent: count.sent, failures, byUpstream, opened: pool.opened() };
    },
  };
}

async function attempt(pool: Pool, options: LoadOptions, n: number, byUpstream: Map<string, number>): Promise<string | undefined> {
  try {
    const response = await pool.send({ timeoutMs: 5_000, ...options.request(n) });
    const upstream = response.headers['x-upstream'];
    if (upstream !== undefined) byUpstream.set(upstream, (byUpstream.get(upstream) ?? 0) + 1);
    return (options.judge ?? succeeded)(response);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function succeeded(response: HttpResponse): string | undefined {
  const detail = (): string => `${response.text().slice(0, 120)} ${JSON.stringify(response.headers)}`;
  if (response.status < 200 || response.status > 299) return `status ${response.status}: ${detail()}`;
  if (response.headers['content-type']?.startsWith('application/grpc') !== true) return undefined;
  const { status, message } = grpcAnswer(response);
  return status === 0 ? undefined : `grpc-status ${status} ${message ?? ''}: ${detail()}`;
}

interface Pool {
  send(request: HttpRequest): Promise<HttpResponse>;
  opened(): number;
  close(): void;
}

async function openPool(target: ConnectionTarget, size: number): Promise<Pool> {
  if (size === 0) return freshConnections(target);
  const first: HttpConnection[] = [];
  for (let index = 0; index < size; index += 1) first.push(await openConnection(target));
  return target.http === '2' ? sharedConnection(target, first[0] as HttpConnection) : idleConnections(target, first);
}

/** HTTP/2: all requests share one connection. A closed or drained one is replaced before the next request; what runs on it may end. */
function sharedConnection(target: ConnectionTarget, first: HttpConnection): Pool {
  const opened: HttpConnection[] = [first];
  let opening: Promise<HttpConnection> | undefined;
  const reopen = async (): Promise<HttpConnection> => {
    try {
      const connection = await openConnection(target);
      opened.push(connection);
      return connection;
    } finally {
      opening = undefined;
    }
  };
  const usable = (): HttpConnection | Promise<HttpConnection> => {
    const last = opened.at(-1) as HttpConnection;
    if (!last.isClosed) return last;
    opening ??= reopen();
    return opening;
  };
  return {
    send: async (request) => {
      const connection = await usable();
      try {
        return await connection.request(request);
      } catch (error) {
        // A stream that crossed with the GOAWAY was not begun, and every client opens it again elsewhere (RFC 9113 §8.7).
        if (connection.isClosed && error instanceof Error && error.message.includes('REFUSED_STREAM'))
          return (await usable()).request(request);
        throw error;
      }
    },
    opened: () => opened.length - 1,
    close: () => {
      for (const connection of opened) connection.close();
    },
  };
}

function freshConnections(target: ConnectionTarget): Pool {
  let opened = 0;
  return {
    send: async (request) => {
      opened += 1;
      const connection = await openConnection(target);
      try {
        return await connection.request(request);
      } finally {
        connection.close();
      }
    },
    opened: () => opened,
    close: () => {},
  };
}

const MOST_IDLE = 8;

/** HTTP/1.1: one request at a time on a connection, each in its turn; a new one is opened when none is idle. */
function idleConnections(target: ConnectionTarget, idle: HttpConnection[]): Pool {
  let opened = 0;
  const take = async (): Promise<HttpConnection> => {
    for (let connection = idle.shift(); connection !== undefined; connection = idle.shift()) if (!connection.isClosed) return connection;
    opened += 1;
    return openConnection(target);
  };
  return {
    send: async (request) => {
      const connection = await take();
      const response = await connection.request(request);
      // Those that a stall made open are not kept: hardly used, they would miss what the server says of their end.
      if (response.headers.connection === 'close' || idle.length >= MOST_IDLE) connection.close();
      else idle.push(connection);
      return response;
    },
    opened: () => opened,
    close: () => {
      for (const connection of idle) connection.close();
    },
  };
}
