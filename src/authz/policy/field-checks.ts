// Checks that the decoders of policies share: every absent or unknown part is a refusal with the field's name (D3), never a default.
import type { ClaimPathOutput } from '../../proto/generated/chancery/policy/v1/ClaimPath.ts';
import type { CredentialSourceOutput } from '../../proto/generated/chancery/policy/v1/CredentialSource.ts';
import type { ForwardedClaimOutput } from '../../proto/generated/chancery/policy/v1/ForwardedClaim.ts';
import type { ClaimPath, CredentialSource, ForwardedClaim } from './settings.ts';

/** Why a policy, a key set or a secret is refused; the text holds names of fields, never their content. */
export class PolicyProblem extends Error {
  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.name = 'PolicyProblem';
  }
}

export function required(text: string | undefined, field: string): string {
  if (text === undefined || text === '') throw new PolicyProblem(field, 'is missing');
  return text;
}

/** A positive number of the wire, where 0 and absent are the same. */
export function positive(value: number | undefined, field: string): number {
  if (value === undefined || !Number.isSafeInteger(value) || value <= 0) throw new PolicyProblem(field, 'is missing');
  return value;
}

export function list<From, To>(
  values: readonly From[] | undefined,
  decode: (value: From, field: string) => To,
  field: string,
): readonly To[] {
  return (values ?? []).map((value, index) => decode(value, `${field}[${index}]`));
}

/** A list that would mean something else when it is empty. */
export function filled<From, To>(
  values: readonly From[] | undefined,
  decode: (value: From, field: string) => To,
  field: string,
): readonly To[] {
  if (values === undefined || values.length === 0) throw new PolicyProblem(field, 'is empty');
  return list(values, decode, field);
}

export function unset(field: string): PolicyProblem {
  return new PolicyProblem(field, 'has no arm that is known here (D3)');
}

export function pathOf(path: ClaimPathOutput | undefined, field: string): ClaimPath {
  return filled(path?.steps, required, `${field}.steps`);
}

export function forwardedClaim(claim: ForwardedClaimOutput, field: string): ForwardedClaim {
  return { header: required(claim.header, `${field}.header`), claim: pathOf(claim.claim, `${field}.claim`) };
}

export function sourceOf(source: CredentialSourceOutput, field: string): CredentialSource {
  switch (source.kind) {
    case 'header':
      return { kind: 'header', name: required(source.header?.name, `${field}.header.name`), prefix: source.header?.prefix ?? '' };
    case 'cookie':
      return { kind: 'cookie', name: required(source.cookie, `${field}.cookie`) };
    case 'query':
      return { kind: 'query', name: required(source.query, `${field}.query`) };
    case undefined:
      throw unset(field);
    default:
      throw unset(source.kind satisfies never);
  }
}
