// Who a token says it is from, before anything of it is verified: chooses among providers (M6), proves nothing.

/** Undefined for what is no JWT of at most that size. */
export function unverifiedIssuer(token: string, maxBytes: number): string | undefined {
  if (token.length > maxBytes) return undefined;
  const [, payload] = token.split('.', 2);
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !Object.hasOwn(claims, 'iss')) return undefined;
    const issuer: unknown = Reflect.get(claims, 'iss');
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}
