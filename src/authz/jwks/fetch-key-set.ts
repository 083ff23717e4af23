// Fetches the key set of an issuer once, distrusting it: no redirect, no odd address, no large body, one deadline for all (J1-J3, J9). Remembers
// nothing.
import { lookup } from 'node:dns';
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { type CanonicalJwk, MAX_KEY_SET_BYTES, parseKeySet } from '../../lib/jose/key-set.ts';
import { isSignatureAlgorithm } from '../../lib/jose/signature-algorithm.ts';
import { parseStrictJson } from '../../lib/jose/strict-json.ts';
import { isLoopback } from '../../lib/loopback.ts';
import type { KeyOwner } from './key-source.ts';

/** Stable words for a metric and a log. */
export type FetchFailure = 'network' | 'timeout' | 'address' | 'status' | 'redirect' | 'oversized' | 'form' | 'empty' | 'issuer';

export type FetchOutcome =
  | {
      readonly kind: 'keys';
      readonly keys: readonly CanonicalJwk[];
      readonly etag?: string;
      readonly maxAgeMs?: number;
      readonly skipped: number;
    }
  | { readonly kind: 'unchanged'; readonly maxAgeMs?: number }
  | { readonly kind: 'failed'; readonly reason: FetchFailure; readonly detail: string };

export interface FetchOptions {
  /** Of the last good answer. */
  readonly etag: string | undefined;
  /** Loopback and plain HTTP on it are allowed (J1, J2). */
  readonly dev: boolean;
}

export type FetchKeySet = (owner: KeyOwner, options: FetchOptions) => Promise<FetchOutcome>;

class FetchError extends Error {
  readonly reason: FetchFailure;

  constructor(reason: FetchFailure, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Never rejects. Only for owners whose keys are remote. */
export const fetchKeySet: FetchKeySet = async (owner, options) => {
  const { keys } = owner;
  if (keys.kind !== 'remote') return { kind: 'failed', reason: 'form', detail: 'the keys are not fetched' };
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), keys.timeoutMs);
  const rim = { ca: keys.ca, dev: options.dev, signal: controller.signal };
  try {
    const url = keys.discovery ? await discovered(keys.url, owner.issuer, rim) : keys.url;
    return readAnswer(await get(url, { ...rim, etag: options.etag }), owner);
  } catch (error) {
    if (controller.signal.aborted) return { kind: 'failed', reason: 'timeout', detail: `no answer within ${keys.timeoutMs} ms` };
    if (error instanceof FetchError) return { kind: 'failed', reason: error.reason, detail: error.message };
    return { kind: 'failed', reason: 'network', detail: error instanceof Error ? error.message : 'unknown' };
  } finally {
    clearTimeout(timer);
  }
};

interface Rim {
  readonly ca: string | undefined;
  readonly dev: boolean;
  readonly signal: AbortSignal;
  readonly etag?: string | undefined;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function readAnswer({ status, headers, body }: HttpAnswer, owner: KeyOwner): FetchOutcome {
  const maxAgeMs = maxAgeOf(headers['cache-control']);
  const age = maxAgeMs === undefined ? {} : { maxAgeMs };
  if (status === 304) return { kind: 'unchanged', ...age };
  const parsed = parseKeySet(body, owner.algorithms.filter(isSignatureAlgorithm));
  if (!parsed.ok)
    return { kind: 'failed', reason: parsed.problem === 'oversized' ? 'oversized' : 'form', detail: `the key set: ${parsed.problem}` };
  const { keys, skipped } = parsed.value;
  // A set without usable keys never replaces a good one (J8).
  if (keys.length === 0) return { kind: 'failed', reason: 'empty', detail: `no usable key, ${skipped.length} passed over` };
  return { kind: 'keys', keys, skipped: skipped.length, ...(headers.etag === undefined ? {} : { etag: headers.etag }), ...age };
}

async function discovered(url: string, issuer: string, rim: Rim): Promise<string> {
  const { body } = await get(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, rim);
  const document = parseStrictJson(body, { depth: 16, members: 4_000 });
  if (document?.['issuer'] !== issuer) throw new FetchError('issuer', 'the discovery document is of another issuer');
  const uri = document['jwks_uri'];
  if (typeof uri !== 'string') throw new FetchError('form', 'the discovery document names no key set');
  return uri;
}

async function get(text: string, rim: Rim): Promise<HttpAnswer> {
  const url = checkedUrl(text, rim.dev);
  const options: RequestOptions & { readonly ca?: string; readonly minVersion: 'TLSv1.2' } = {
    signal: rim.signal,
    agent: false,
    lookup: guardedLookup(rim.dev),
    minVersion: 'TLSv1.2',
    headers: { accept: 'application/json', ...(rim.etag === undefined ? {} : { 'if-none-match': rim.etag }) },
    ...(rim.ca === undefined ? {} : { ca: rim.ca }),
  };
  const response = await answered(url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options));
  const { statusCode: status = 0, headers } = response;
  if (status === 304 && rim.etag !== undefined) {
    response.resume();
    return { status, headers, body: Buffer.alloc(0) };
  }
  if (status !== 200) {
    response.destroy();
    throw new FetchError(status >= 300 && status < 400 ? 'redirect' : 'status', `the issuer answered ${status}`);
  }
  return { status, headers, body: await bodyOf(response) };
}

function checkedUrl(text: string, dev: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  if (url === undefined || (url.protocol !== 'https:' && !(url.protocol === 'http:' && dev && isLoopback(host))))
    throw new FetchError('address', 'the address is not https');
  // Literal addresses are never looked up.
  if (isIP(host) !== 0 && !isAllowed(host, dev)) throw new FetchError('address', 'the address is not allowed');
  return url;
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve).on('error', reject).end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > MAX_KEY_SET_BYTES) throw new FetchError('oversized', `more than ${MAX_KEY_SET_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

const FORBIDDEN = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv6');
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** J2. Addresses of IPv4 in IPv6's form count as what they are. */
function isAllowed(address: string, dev: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return !FORBIDDEN.check(address, family) && (dev || !LOOPBACK.check(address, family));
}

/** Looked at when it connects, so that a name cannot be one address when checked and another when used. */
function guardedLookup(dev: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => isAllowed(address, dev));
      const [first] = allowed;
      if (first === undefined) callback(new FetchError('address', 'the name leads to no address that is allowed'), '', 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function maxAgeOf(cacheControl: string | undefined): number | undefined {
  const [, seconds] = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? '') ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
