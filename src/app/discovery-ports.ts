// The world as discovery sees it: Node's clock, name servers, files and HTTP. Decides nothing.
import { lookup, Resolver } from 'node:dns/promises';
import { readFile, stat } from 'node:fs/promises';
import { watchFiles } from '../config/watch.ts';
import type { DiscoveryPorts, HttpAnswer } from '../discovery/ports.ts';
import { createSystemNames, type NameServers } from '../discovery/system-names.ts';
import { parseEndpointText } from './endpoint-list.ts';

/** Of a file or an answer. */
const MAX_BYTES = 1024 * 1024;
const HOSTS_FILE = '/etc/hosts';
/** So long a resolver is used: it reads the addresses of the name servers once. */
const RESOLVER_AGE_MS = 30_000;

export interface DiscoveryPortsOptions {
  readonly nowMs: () => number;
  readonly random: () => number;
}

export function createDiscoveryPorts({ nowMs, random }: DiscoveryPortsOptions): DiscoveryPorts {
  return {
    clock: {
      nowMs,
      random,
      after: (delayMs, task) => {
        const timer = setTimeout(task, delayMs).unref();
        return () => clearTimeout(timer);
      },
    },
    names: createSystemNames({
      servers: renewed(nowMs),
      search: (name) => lookup(name, { all: true }),
      readHosts: () => readFile(HOSTS_FILE, 'utf8'),
    }),
    get: async (url, { headers, signal }) => httpAnswer(await fetch(url, { headers, signal, redirect: 'manual' }).catch(withCause)),
    readFile: readBounded,
    watchFile: (file, onChange) => {
      const watcher = watchFiles({ onChange, quietMs: 10, maxMs: 50 });
      watcher.update([file]);
      return () => watcher.close();
    },
    parseEndpoints: parseEndpointText,
  };
}

function renewed(nowMs: () => number): () => NameServers {
  let current: { readonly resolver: Resolver; readonly madeAtMs: number } | undefined;
  return () => {
    if (current === undefined || nowMs() - current.madeAtMs > RESOLVER_AGE_MS) {
      current = { resolver: new Resolver({ timeout: 2_000, tries: 2 }), madeAtMs: nowMs() };
    }
    return current.resolver;
  };
}

async function readBounded(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_BYTES) throw new Error(`${file} is larger than ${MAX_BYTES} bytes`);
  return readFile(file, 'utf8');
}

function httpAnswer(response: Response): HttpAnswer {
  const [etag, location] = [response.headers.get('etag'), response.headers.get('location')];
  return {
    status: response.status,
    ...(etag === null ? {} : { etag }),
    ...(location === null ? {} : { location }),
    text: () => boundedText(response),
  };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error(`its answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Node says "fetch failed", and why only in the cause. */
function withCause(error: unknown): never {
  const cause = error instanceof Error ? error.cause : undefined;
  throw cause instanceof Error && cause.message !== '' ? cause : error;
}
