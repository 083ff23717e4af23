// The version of an auth policy: a hash of what it says, so that a version never changes its meaning (authz D2).
import { createHash } from 'node:crypto';
import type { EnvoyApi } from './api.ts';

const TYPE = 'chancery.policy.v1.AuthPolicy';
const VERSION_DIGITS = 16;

/** 16 hexadecimal digits of SHA-256 over the deterministic encoding of all fields but the version. */
export function policyVersion(api: Pick<EnvoyApi, 'encode'>, message: object): string {
  const { version: _, ...rest } = { version: '', ...message };
  return createHash('sha256').update(api.encode(TYPE, rest)).digest('hex').slice(0, VERSION_DIGITS);
}
