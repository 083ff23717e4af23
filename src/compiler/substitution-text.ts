// Text of the user's in fields that Envoy reads as a format (`%REQ(x)%`) where the language takes it literally:
// paths to write, content types, names in the access log.

/** The text itself, whatever percent signs it holds. */
export function literalText(text: string): string {
  return text.replaceAll('%', '%%');
}
