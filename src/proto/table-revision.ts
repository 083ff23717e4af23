// The revision of a table of limits: a hash of what it says, told in answers and compared by companions (ratelimit R301, R309).
import { createHash } from 'node:crypto';
import type { EnvoyApi } from './api.ts';

const TYPE = 'chancery.policy.v1.RateLimitTable';
const REVISION_DIGITS = 16;

/** 16 hexadecimal digits of SHA-256 over the deterministic encoding of all fields but the revision. */
export function tableRevision(api: Pick<EnvoyApi, 'encode'>, message: object): string {
  const { revision: _, ...rest } = { revision: '', ...message };
  return createHash('sha256').update(api.encode(TYPE, rest)).digest('hex').slice(0, REVISION_DIGITS);
}
