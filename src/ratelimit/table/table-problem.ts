// Why a table of limits is refused. The text holds names of fields, never values of keys.

export class TableProblem extends Error {
  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.name = 'TableProblem';
  }
}

export function required(text: string | undefined, field: string): string {
  if (text === undefined || text === '') throw new TableProblem(field, 'is missing');
  return text;
}

/** A whole number above 0; on the wire 0 and absent are the same. */
export function positive(value: number | undefined, field: string): number {
  if (value === undefined || !Number.isSafeInteger(value) || value <= 0) throw new TableProblem(field, 'is missing');
  return value;
}

/** The word for a value of an enumeration; one that is not known here is refused, never a default. */
export function wordOf<Word extends string>(value: string | undefined, words: Readonly<Record<string, Word>>, field: string): Word {
  const word = value === undefined ? undefined : words[value];
  if (word === undefined) throw new TableProblem(field, 'is not known here');
  return word;
}

export function each<From, To>(
  values: readonly From[] | undefined,
  decode: (value: From, field: string) => To,
  field: string,
): readonly To[] {
  return (values ?? []).map((value, index) => decode(value, `${field}[${index}]`));
}
