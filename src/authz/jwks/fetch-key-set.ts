// Fetches the key set of an issuer once, distrusting it: no redirect, no odd address, no large body, one deadline for all (J1-J3, J9). Remembers
// nothing.
import { afterMs } from '../../lib/after-ms.ts';
import { type CanonicalJwk, MAX_KEY_SET_BYTES, parseKeySet } from '../../lib/jose/key-set.ts';
import { isSignatureAlgorithm } from '../../lib/jose/signature-algorithm.ts';
import { parseStrictJson } from '../../lib/jose/strict-json.ts';
import { IssuerError, type IssuerFailure } from '../issuer/issuer-error.ts';
import { type IssuerAnswer, type IssuerRequest, issuerRequest } from '../issuer/issuer-request.ts';
import type { KeyOwner } from './key-source.ts';

export type FetchOutcome =
  | {
      readonly kind: 'keys';
      readonly keys: readonly CanonicalJwk[];
      readonly etag?: string;
      readonly maxAgeMs?: number;
      readonly skipped: number;
    }
  | { readonly kind: 'unchanged'; readonly maxAgeMs?: number }
  | { readonly kind: 'failed'; readonly reason: IssuerFailure; readonly detail: string };

export interface FetchOptions {
  /** Of the last good answer. */
  readonly etag: string | undefined;
  /** Loopback and plain HTTP on it are allowed (J1, J2). */
  readonly dev: boolean;
}

export type FetchKeySet = (owner: KeyOwner, options: FetchOptions) => Promise<FetchOutcome>;

/** Never rejects. Only for owners whose keys are remote. */
export const fetchKeySet: FetchKeySet = async (owner, options) => {
  const { keys } = owner;
  if (keys.kind !== 'remote') return { kind: 'failed', reason: 'form', detail: 'the keys are not fetched' };
  const controller = new AbortController();
  const cancel = afterMs(keys.timeoutMs, () => controller.abort());
  const rim: Rim = { ca: keys.ca, dev: options.dev, signal: controller.signal, maxBytes: MAX_KEY_SET_BYTES };
  try {
    const url = keys.discovery ? await discovered(keys.url, owner.issuer, rim) : keys.url;
    const headers = options.etag === undefined ? {} : { 'if-none-match': options.etag };
    return readAnswer(await issuerRequest({ ...rim, url, headers }), owner);
  } catch (error) {
    if (controller.signal.aborted) return { kind: 'failed', reason: 'timeout', detail: `no answer within ${keys.timeoutMs} ms` };
    if (error instanceof IssuerError) return { kind: 'failed', reason: error.reason, detail: error.message };
    return { kind: 'failed', reason: 'network', detail: error instanceof Error ? error.message : 'unknown' };
  } finally {
    cancel();
  }
};

type Rim = Pick<IssuerRequest, 'ca' | 'dev' | 'signal' | 'maxBytes'>;

function readAnswer({ status, headers, body }: IssuerAnswer, owner: KeyOwner): FetchOutcome {
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
  const { body } = await issuerRequest({ ...rim, url: `${url.replace(/\/$/, '')}/.well-known/openid-configuration` });
  const document = parseStrictJson(body, { depth: 16, members: 4_000 });
  if (document?.['issuer'] !== issuer) throw new IssuerError('issuer', 'the discovery document is of another issuer');
  const uri = document['jwks_uri'];
  if (typeof uri !== 'string') throw new IssuerError('form', 'the discovery document names no key set');
  return uri;
}

function maxAgeOf(cacheControl: string | undefined): number | undefined {
  const [, seconds] = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? '') ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
