// What a refusal is about: clients name resources in the text of their message only.

/**
 * Which of the refused names the client's message is about: those that it contains as a word, sorted; all, if it tells none apart. A name
 * that occurs only within a longer one is not meant.
 */
export function namesMeant(refused: readonly string[], message: string): readonly string[] {
  const found: string[] = [];
  let rest = message;
  for (const name of [...refused].sort((left, right) => right.length - left.length)) {
    const without = withoutWord(rest, name);
    if (without === rest) continue;
    found.push(name);
    rest = without;
  }
  return found.length === 0 ? refused : found.sort();
}

const WORD_CHARACTER = /[\w/-]/;

function withoutWord(text: string, word: string): string {
  if (word === '') return text;
  let rest = text;
  for (let at = rest.indexOf(word); at >= 0; at = rest.indexOf(word, at + 1)) {
    const end = at + word.length;
    if (WORD_CHARACTER.test(rest.charAt(at - 1)) || WORD_CHARACTER.test(rest.charAt(end))) continue;
    rest = `${rest.slice(0, at)}\n${rest.slice(end)}`;
  }
  return rest;
}
