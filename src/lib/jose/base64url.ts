// Base64url in its one canonical spelling (authz A4): no padding, no spare bits, nothing before or after. One text, one meaning.

const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/** True for canonical base64url; the empty text is. */
export function isCanonicalBase64url(text: string): boolean {
  // `$` also holds before a final newline in some dialects, not in this one: without the flag m it is the very end.
  return CANONICAL.test(text);
}

/** The bytes, or undefined where the text is not canonical. */
export function decodeBase64url(text: string): Buffer | undefined {
  return isCanonicalBase64url(text) ? Buffer.from(text, 'base64url') : undefined;
}
