// Text of the user's in fields that Envoy reads as a format (`%REQ(x)%`): headers to add, paths to write, fixed values of the access log.

/** The text itself, whatever percent signs it holds. */
export function literalText(text: string): string {
  return text.replaceAll('%', '%%');
}
