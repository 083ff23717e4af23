// One request to an issuer, which is distrusted: https alone, no redirect, no odd address, no large body (authz J1-J3). The deadline is the
// caller's signal.
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isLoopback } from '../../lib/loopback.ts';
import { guardedLookup, isAllowedAddress } from './issuer-address.ts';
import { IssuerError } from './issuer-error.ts';

export interface IssuerRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM; undefined: the machine's own authorities. */
  readonly ca: string | undefined;
  /** Loopback, and plain HTTP on it, are allowed. */
  readonly dev: boolean;
  readonly signal: AbortSignal;
  /** Of the answer's body. */
  readonly maxBytes: number;
}

export interface IssuerAnswer {
  /** 200, or 304 where the request named an `if-none-match`. */
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Rejects with an IssuerError for what the issuer does, with any error where the connection fails. */
export async function issuerRequest(request: IssuerRequest): Promise<IssuerAnswer> {
  const url = checkedUrl(request.url, request.dev);
  const response = await answered(url, request);
  const { statusCode: status = 0, headers } = response;
  if (status === 304 && request.headers?.['if-none-match'] !== undefined) {
    response.resume();
    return { status, headers, body: Buffer.alloc(0) };
  }
  if (status !== 200) {
    response.destroy();
    throw new IssuerError(status >= 300 && status < 400 ? 'redirect' : 'status', `the issuer answered ${status}`);
  }
  return { status, headers, body: await bodyOf(response, request.maxBytes) };
}

function checkedUrl(text: string, dev: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  if (url === undefined || (url.protocol !== 'https:' && !(url.protocol === 'http:' && dev && isLoopback(host))))
    throw new IssuerError('address', 'the address is not https');
  // Literal addresses are never looked up.
  if (isIP(host) !== 0 && !isAllowedAddress(host, dev)) throw new IssuerError('address', 'the address is not allowed');
  return url;
}

function answered(url: URL, { method = 'GET', headers = {}, body, ca, dev, signal }: IssuerRequest): Promise<IncomingMessage> {
  const options: RequestOptions & { readonly ca?: string; readonly minVersion: 'TLSv1.2'; readonly rejectUnauthorized: true } = {
    method,
    signal,
    agent: false,
    lookup: guardedLookup(dev),
    minVersion: 'TLSv1.2',
    // Said aloud: NODE_TLS_REJECT_UNAUTHORIZED=0 of the environment must not reach here.
    rejectUnauthorized: true,
    headers: { accept: 'application/json', ...headers },
    ...(ca === undefined ? {} : { ca }),
  };
  const request: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
  return new Promise((resolve, reject) => {
    // A connection that the issuer wants for another protocol (101) closes without an error.
    const closed = (): void => reject(new IssuerError('status', 'the connection closed without an answer'));
    request.on('response', resolve).on('error', reject).on('close', closed).end(body);
  });
}

async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > maxBytes) throw new IssuerError('oversized', `more than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
