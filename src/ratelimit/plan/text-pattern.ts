// Values in which `*` stands for any characters, also none: as the reference's `value` and our overrides write them (R107, R321). Pure.

export interface TextPattern {
  /** How many characters it fixes: the more, the more exact it is. */
  readonly literals: number;
  fits(text: string): boolean;
}

/** The parts between the stars are looked for from left to right, the first and the last at the ends; linear in the text. */
export function textPattern(source: string): TextPattern {
  const parts = source.split('*');
  const first = parts[0] ?? '';
  const last = parts.length > 1 ? (parts.at(-1) ?? '') : '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  const literals = source.length - (parts.length - 1);
  if (parts.length === 1) return { literals, fits: (text) => text === source };
  return {
    literals,
    fits(text) {
      if (text.length < literals || !text.startsWith(first) || !text.endsWith(last)) return false;
      const end = text.length - last.length;
      let at = first.length;
      for (const part of middle) {
        const found = text.indexOf(part, at);
        if (found === -1 || found + part.length > end) return false;
        at = found + part.length;
      }
      return true;
    },
  };
}
