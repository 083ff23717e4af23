// How a file is named to a person.
import path from 'node:path';

/** Relative to `cwd` where the file lies below it, else absolute. */
export function shownPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
