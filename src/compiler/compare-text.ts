// The one order of names in resources: by UTF-16 code units, the same on every machine (C15); locales would differ.

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
