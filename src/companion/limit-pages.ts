// The API for operators of a rate-limit companion on its own HTTP port (ratelimit R811): for this machine. A page of another site cannot use it:
// bodies must say that they are JSON, and the name that was asked for must be this machine's.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../lib/loopback.ts';
import type { LimitApi, LimitReply } from './limit-api.ts';

const ROOT = '/api/v1/limits';
const MOST_BYTES = 65_536;

export function isAboutLimits({ url = '' }: IncomingMessage): boolean {
  const [path = ''] = url.split('?');
  return path === ROOT || path.startsWith(`${ROOT}/`);
}

export async function answerLimits(request: IncomingMessage, response: ServerResponse, limits: LimitApi): Promise<void> {
  const { status, body } = await replyTo(request, limits).catch(() => problem(500, 'the companion failed'));
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}

async function replyTo(request: IncomingMessage, limits: LimitApi): Promise<LimitReply> {
  const { method, url = '', headers } = request;
  if (!isLoopback(hostOf(headers.host ?? ''))) return problem(403, 'limits are asked for on this machine only');
  const [path, search] = url.split('?');
  const query = new URLSearchParams(search);
  if (method === 'GET' && path === ROOT) return limits.list();
  if (method === 'GET' && path === `${ROOT}/hot`) return limits.hot(query.get('gateway') ?? '', query.get('limit') ?? '');
  if (method !== 'POST' || path !== `${ROOT}/counter`)
    return problem(404, `there are GET ${ROOT}, GET ${ROOT}/hot and POST ${ROOT}/counter`);
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? '')) return problem(415, 'the body is to be application/json');
  const text = await textOf(request);
  if (text === undefined) return problem(413, 'the body is too large');
  const body = parsed(text);
  return body === undefined ? problem(400, 'the body is no JSON') : limits.counter(body, request.socket.remoteAddress ?? '');
}

async function textOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MOST_BYTES) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hostOf(header: string): string {
  return header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function problem(status: number, detail: string): LimitReply {
  return { status, body: { type: 'about:blank', title: 'The question about limits was refused', status, detail } };
}
