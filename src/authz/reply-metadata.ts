// The dynamic metadata of an answer (G10): what access logs, limits and later filters may know. Nothing that belongs to one request alone.
import { createHmac } from 'node:crypto';
import type { Secret } from '../lib/secret.ts';
import { claimAt } from './policy/claim-at.ts';
import type { ClaimPath, PolicySettings } from './policy/settings.ts';
import type { ProvenIdentity } from './proven-identity.ts';
import type { AuthReason } from './reason.ts';

/** google.protobuf.Value and Struct as messages. */
export type ProtoValue =
  | { readonly string_value: string }
  | { readonly number_value: number }
  | { readonly bool_value: boolean }
  | { readonly list_value: { readonly values: readonly ProtoValue[] } }
  | { readonly struct_value: ProtoStruct };
export interface ProtoStruct {
  readonly fields: Readonly<Record<string, ProtoValue>>;
}

export interface MetadataFacts {
  readonly settings: Pick<PolicySettings, 'gateway' | 'policy' | 'version' | 'mode' | 'toldClaims'> | undefined;
  readonly decision: 'allow' | 'deny' | 'unknown';
  readonly reason: AuthReason | 'ok';
  readonly identities: readonly ProvenIdentity[];
  readonly subjectKey: Secret;
}

/** Longer texts are not told. */
const MOST_CLAIM_BYTES = 1000;
const HASH_DIGITS = 16;

export function replyMetadata({ settings, decision, reason, identities, subjectKey }: MetadataFacts): ProtoStruct {
  const [first] = identities;
  const texts: Record<string, string | undefined> = {
    policy: settings?.policy,
    version: settings?.version,
    decision,
    reason,
    mode: settings?.mode,
    identity: first === undefined ? undefined : `${first.facts.kind}/${first.facts.provider}`,
    issuer: first?.facts.issuer,
    subject_hash: first === undefined ? undefined : subjectHash(first, settings?.gateway ?? '', subjectKey),
    client: identities.find(({ facts }) => facts.client !== undefined)?.facts.client,
  };
  const fields: Record<string, ProtoValue> = {};
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) fields[name] = { string_value: text };
  const claims = toldClaims(settings?.toldClaims ?? [], identities);
  if (claims !== undefined) fields['claims'] = { struct_value: claims };
  return { fields };
}

/** Of the metadata of a token's answer, what belongs to its owner. */
export function ownMetadata(
  identity: ProvenIdentity,
  { gateway, toldClaims: paths }: Pick<PolicySettings, 'gateway' | 'toldClaims'>,
  subjectKey: Secret,
): ProtoStruct {
  const subject = subjectHash(identity, gateway, subjectKey);
  const claims = paths.length === 0 ? undefined : toldClaims(paths, [identity]);
  return {
    fields: {
      ...(subject === undefined ? {} : { subject_hash: { string_value: subject } }),
      ...(claims === undefined ? {} : { claims: { struct_value: claims } }),
    },
  };
}

/** The same metadata without it. */
export function withoutOwn({ fields }: ProtoStruct): ProtoStruct {
  return { fields: Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'subject_hash' && name !== 'claims')) };
}

/** The same caller of a gateway has the same 16 digits; nobody without the key can tell who it is (S4). */
export function subjectHash({ facts }: ProvenIdentity, gateway: string, key: Secret): string | undefined {
  if (facts.subject === undefined) return undefined;
  const text = JSON.stringify([gateway, facts.kind, facts.issuer ?? facts.provider, facts.subject]);
  return createHmac('sha256', key.reveal()).update(text).digest('hex').slice(0, HASH_DIGITS);
}

/** Nested as in the token, so that a metadata path is `claims` and the claim's own path. */
function toldClaims(paths: readonly ClaimPath[], identities: readonly ProvenIdentity[]): ProtoStruct | undefined {
  const fields = new Map<string, ProtoValue>();
  for (const path of paths) {
    const value = identities.map(({ facts }) => claimAt(facts.claims, path)).find((found) => found !== undefined);
    const told = toldValue(value);
    if (told !== undefined) place(fields, path, told);
  }
  return fields.size === 0 ? undefined : { fields: Object.fromEntries(fields) };
}

function place(into: Map<string, ProtoValue>, [step, ...rest]: ClaimPath, value: ProtoValue): void {
  if (step === undefined) return;
  if (rest.length === 0) {
    into.set(step, value);
    return;
  }
  const earlier = into.get(step);
  const fields = new Map(earlier !== undefined && 'struct_value' in earlier ? Object.entries(earlier.struct_value.fields) : []);
  place(fields, rest, value);
  into.set(step, { struct_value: { fields: Object.fromEntries(fields) } });
}

/** Scalars and lists of them; objects are not told. */
function toldValue(value: unknown): ProtoValue | undefined {
  if (typeof value === 'string') return value.length <= MOST_CLAIM_BYTES ? { string_value: value } : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? { number_value: value } : undefined;
  if (typeof value === 'boolean') return { bool_value: value };
  if (!Array.isArray(value)) return undefined;
  const values = value.slice(0, 64).map(toldValue);
  const scalars = values.filter((item) => item !== undefined).filter((item) => !('list_value' in item));
  return scalars.length === value.length ? { list_value: { values: scalars } } : undefined;
}
