// The credentials that a request carries, in the places where a policy looks for them.
import type { CredentialSource } from '../model/auth/types.ts';
import type { ExplainedRequest } from './request.ts';

/** The first that is there, without its prefix. */
export function credentialIn(from: readonly CredentialSource[], { headers, query }: ExplainedRequest): string | undefined {
  for (const source of from) {
    const found =
      source.kind === 'header'
        ? headerCredential(headers.get(source.name), source.prefix)
        : source.kind === 'query'
          ? query.find(({ name }) => name === source.name)?.value
          : cookieIn(headers.get('cookie'), source.name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function headerCredential(value: string | undefined, prefix: string): string | undefined {
  if (value === undefined) return undefined;
  return value.toLowerCase().startsWith(prefix.toLowerCase()) ? value.slice(prefix.length) : value;
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  const pair = header?.split(';').find((each) => each.trim().startsWith(`${name}=`));
  return pair?.trim().slice(name.length + 1);
}
