// Asks a running control plane's admin API. Reads only.
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';
import type { Terminal } from './terminal.ts';

const TIMEOUT_MS = 5_000;

/** Where the admin API is unless told otherwise: on this machine, at the port that `serve` would take. */
export function defaultServer({ env }: Pick<Terminal, 'env'>): string {
  return `http://127.0.0.1:${env.CHANCERY_ADMIN_PORT || 18_080}`;
}

/** The admin API that is asked: as the flag says, else CHANCERY_SERVER, else the default. */
export function serverOf(flag: string | undefined, terminal: Pick<Terminal, 'env'>): string {
  return flag ?? (terminal.env.CHANCERY_SERVER || defaultServer(terminal));
}

const problemSchema = z.object({ title: z.string(), detail: z.string() });

/** The checked body of GET `path`. Throws ERR_USAGE for a URL that is none and for what does not exist, ERR_SERVER_UNREACHABLE where nobody answers as we do. */
export async function fetchJson<Schema extends z.ZodType>(server: string, path: string, schema: Schema): Promise<z.output<Schema>> {
  const { status, body } = await request(server, adminUrl(server, path));
  const parsed = status === 200 ? schema.safeParse(body) : undefined;
  if (parsed?.success === true) return parsed.data;
  const problem = problemSchema.safeParse(body);
  if (status === 404 && problem.success) throw new ChanceryError('ERR_USAGE', problem.data.detail);
  throw new ChanceryError(
    'ERR_SERVER_UNREACHABLE',
    problem.success ? problem.data.detail : `${server} answered, but not as an admin API does`,
    {
      remedy: 'give the address of the admin API with --server URL',
    },
  );
}

/** Throws ERR_USAGE where the server is no URL. */
export function adminUrl(server: string, path: string): URL {
  if (URL.canParse(path, server) && /^https?:/.test(server)) return new URL(path, server);
  throw new ChanceryError('ERR_USAGE', `--server ${server} is no URL`, { remedy: 'name it as http://127.0.0.1:18080' });
}

/** What a body says is wrong, where it is a problem of our API (RFC 9457). */
export function problemOf(body: string): string | undefined {
  return problemSchema.safeParse(parseJson(body)).data?.detail;
}

export function unreachable(server: string, cause: unknown): ChanceryError {
  return new ChanceryError('ERR_SERVER_UNREACHABLE', `no control plane answers at ${server}`, {
    remedy: 'start one with `chancery serve` or `chancery up`, or give its address with --server URL',
    cause,
  });
}

async function request(server: string, url: URL): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { accept: 'application/json' },
    });
    const text = await response.text();
    return { status: response.status, body: parseJson(text) };
  } catch (cause) {
    throw unreachable(server, cause);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
