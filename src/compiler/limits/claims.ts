// Claims that a limit reads of tokens: companions tell them in the metadata of their answers (authz H12).
import type { Limit } from '../../model/limits/types.ts';

export function claimsOf({ parts, limitFrom }: Limit): readonly string[] {
  const counted = parts.flatMap((part) => (part.kind === 'jwt' ? [part.name] : []));
  return limitFrom === undefined ? counted : [...counted, limitFrom.claim];
}
