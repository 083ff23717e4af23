// Base64url in its one canonical spelling (authz A4): no padding, no spare bits, nothing before or after. One text, one meaning.

const PLAIN = /^[\w-]*$/;
/** Ends of a text by the characters beyond whole groups of four: those that leave no bits over. One character alone holds no byte. */
const LAST_OF_TWO = 'AQgw';
const LAST_OF_THREE = 'AEIMQUYcgkosw048';

/** True for canonical base64url; the empty text is. */
export function isCanonicalBase64url(text: string): boolean {
  const beyond = text.length % 4;
  if (beyond === 1 || (beyond === 2 && !LAST_OF_TWO.includes(text.slice(-1)))) return false;
  if (beyond === 3 && !LAST_OF_THREE.includes(text.slice(-1))) return false;
  // `$` also holds before a final newline in some dialects, not in this one: without the flag m it is the very end. One class without groups,
  // since groups keep a place to come back to for each four characters.
  return PLAIN.test(text);
}

/** The bytes, or undefined where the text is not canonical. */
export function decodeBase64url(text: string): Buffer | undefined {
  return isCanonicalBase64url(text) ? Buffer.from(text, 'base64url') : undefined;
}
