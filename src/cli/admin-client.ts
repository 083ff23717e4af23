// Asks a running control plane's admin API, or that of a companion alone.
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';
import type { Terminal } from './terminal.ts';

const TIMEOUT_MS = 5_000;
/** Some questions make a worker compile or a store look. */
const POST_TIMEOUT_MS = 10_000;

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
  const { status, body } = await request(server, path, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: 'application/json' },
  });
  const parsed = status === 200 ? schema.safeParse(body) : undefined;
  if (parsed?.success === true) return parsed.data;
  const problem = problemOf(body);
  if (status === 404 && problem !== undefined) throw new ChanceryError('ERR_USAGE', problem);
  throw new ChanceryError('ERR_SERVER_UNREACHABLE', problem ?? `${server} answered, but not as an admin API does`, {
    remedy: 'give the address of the admin API with --server URL',
  });
}

/** Throws ERR_USAGE where the server is no URL. */
export function adminUrl(server: string, path: string): URL {
  if (URL.canParse(path, server) && /^https?:/.test(server)) return new URL(path, server);
  throw new ChanceryError('ERR_USAGE', `--server ${server} is no URL`, { remedy: 'name it as http://127.0.0.1:18080' });
}

export interface Answer {
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly body: unknown;
}

/** What `path` answers to `question`, whatever it is. Throws ERR_USAGE for a URL that is none, ERR_SERVER_UNREACHABLE where nobody answers. */
export function postJson(server: string, path: string, question: object): Promise<Answer> {
  return request(server, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(question),
    signal: AbortSignal.timeout(POST_TIMEOUT_MS),
  });
}

/** What a body says is wrong, where it is a problem of our API (RFC 9457). */
export function problemOf(body: unknown): string | undefined {
  return problemSchema.safeParse(body).data?.detail;
}

/** Undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function unreachable(server: string, cause: unknown): ChanceryError {
  return new ChanceryError('ERR_SERVER_UNREACHABLE', `no control plane answers at ${server}`, {
    remedy: 'start one with `chancery serve` or `chancery up`, or give its address with --server URL',
    cause,
  });
}

async function request(server: string, path: string, init: RequestInit): Promise<Answer> {
  const url = adminUrl(server, path);
  try {
    const response = await fetch(url, init);
    return { status: response.status, body: parseJson(await response.text()) };
  } catch (cause) {
    throw unreachable(server, cause);
  }
}
