// Text of the user's inside RE2 expressions that we make, taken literally (B19).

/** An expression that matches this text alone. */
export function quoteRegex(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}
