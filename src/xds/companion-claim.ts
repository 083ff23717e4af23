// What a companion says of itself in its node metadata (authz D1): its role, and where Envoys reach its workers. Decides nothing.
import type { StructOutput } from '../proto/generated/google/protobuf/Struct.ts';
import type { ValueOutput } from '../proto/generated/google/protobuf/Value.ts';

export type CompanionRole = 'authz' | 'ratelimit';

export interface CompanionClaim {
  readonly role: CompanionRole;
  /** One for each worker, as written: `host:port`, `[v6]:port` or `unix:/path`. What is no text, and what is beyond a thousand, is passed over. */
  readonly endpoints: readonly string[];
}

const MOST_ENDPOINTS = 1_000;

/** From `metadata.chancery` with `role` and `endpoints`; undefined for an Envoy, and for a role that we do not know. */
export function companionClaim(metadata: StructOutput | null | undefined): CompanionClaim | undefined {
  const said = metadata?.fields?.['chancery']?.struct_value?.fields;
  const role = said?.['role']?.string_value;
  if (role !== 'authz' && role !== 'ratelimit') return undefined;
  return { role, endpoints: textsOf(said?.['endpoints']).slice(0, MOST_ENDPOINTS) };
}

function textsOf(value: ValueOutput | undefined): readonly string[] {
  return (value?.list_value?.values ?? []).flatMap(({ string_value: text }) => (text === undefined || text === '' ? [] : [text]));
}
