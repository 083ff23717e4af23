// Sends the request of one row as it is written, byte by byte where HTTP/1.1 allows, and reads what came of it.
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Credential, HeaderLine } from './credential.ts';
import { ECHO_HEADER } from './echo-backend.ts';
import { type Form, routePath } from './gateway-text.ts';
import type { Mint } from './mint.ts';
import { type Outcome, reasonIn } from './outcome.ts';
import type { ParityRow } from './parity-row.ts';

const ANSWER_WITHIN_MS = 5_000;

export interface Asker {
  ask(row: ParityRow, form: Form): Promise<Outcome>;
  close(): void;
}

/** `port`: where Envoy listens, on loopback. Rejects where no answer comes. */
export function createAsker(port: number, mint: Mint): Asker {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let session: ClientHttp2Session | undefined;
  return {
    ask: (row, form) => {
      const credential = row.credential?.(mint) ?? {};
      if (row.request?.isGrpc !== true) return askHttp({ port, agent }, row, { form, credential });
      session ??= connect(`http://127.0.0.1:${port}`).on('error', () => {});
      return askGrpc(session, row, { form, credential });
    },
    close: () => {
      agent.destroy();
      session?.destroy();
    },
  };
}

interface Called {
  readonly form: Form;
  readonly credential: Credential;
}

function linesOf(row: ParityRow, { credential }: Called): readonly HeaderLine[] {
  return [...(row.request?.headers ?? []), ...(credential.headers ?? [])];
}

function pathOf(row: ParityRow, { form, credential }: Called): string {
  const query = credential.query === undefined ? '' : `?${credential.query}`;
  return `${routePath(form, row.policy)}${row.request?.suffix ?? ''}${query}`;
}

function askHttp({ port, agent }: { readonly port: number; readonly agent: Agent }, row: ParityRow, called: Called): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const method = row.request?.method ?? 'GET';
    const length: readonly HeaderLine[] = method === 'GET' || method === 'HEAD' ? [] : [['content-length', '0']];
    const headers = [['host', `127.0.0.1:${port}`], ...length, ...linesOf(row, called)].flat();
    const asked = httpRequest({ host: '127.0.0.1', port, agent, method, path: pathOf(row, called), headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(httpOutcome(response, Buffer.concat(chunks).toString())));
    });
    asked.setTimeout(ANSWER_WITHIN_MS, () => asked.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)));
    asked.on('error', reject);
    asked.end();
  });
}

function httpOutcome({ statusCode = 0, headers }: IncomingMessage, body: string): Outcome {
  const challenge = headers['www-authenticate'];
  const reason = reasonIn(body);
  return {
    status: statusCode,
    ...(reason === undefined ? {} : { reason }),
    ...(challenge === undefined ? {} : { challenge }),
    ...echoed(headers[ECHO_HEADER]),
  };
}

function askGrpc(session: ClientHttp2Session, row: ParityRow, called: Called): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const joined: Record<string, string> = {};
    // Node sends some headers once only; two lines are one line with a comma.
    for (const [name, value] of linesOf(row, called)) joined[name] = name in joined ? `${joined[name]}, ${value}` : value;
    const path = `${pathOf(row, called)}/chancery.parity.v1.Echo/Ask`;
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...joined });
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on('response', (headers) => {
      head = headers;
    });
    stream.on('trailers', (headers) => {
      trailers = headers;
    });
    stream.on('error', reject);
    stream.on('end', () => resolve(grpcOutcome({ ...head, ...trailers })));
    stream.setTimeout(ANSWER_WITHIN_MS, () => stream.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)));
    stream.resume();
    // An empty message.
    stream.end(Buffer.alloc(5));
  });
}

function grpcOutcome(headers: IncomingHttpHeaders): Outcome {
  const reason = reasonIn(decodeURIComponent(text(headers['grpc-message'])));
  return {
    status: Number(headers[':status']),
    grpcStatus: Number(text(headers['grpc-status'])),
    ...(reason === undefined ? {} : { reason }),
    ...echoed(headers[ECHO_HEADER]),
  };
}

function echoed(header: string | readonly string[] | undefined): Pick<Outcome, 'upstream'> {
  const echo = text(header);
  return echo === '' ? {} : { upstream: JSON.parse(Buffer.from(echo, 'base64url').toString()) };
}

function text(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : (header?.[0] ?? '');
}
