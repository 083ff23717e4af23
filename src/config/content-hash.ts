// One hash over everything that a load read, so that equal input is known again wherever it lies.
import { createHash } from 'node:crypto';
import { dirname, relative } from 'node:path';

export interface HashedPart {
  /** Absolute path, or a variable's name. */
  readonly name: string;
  readonly text: string | undefined;
}

export interface HashInput {
  readonly root: string;
  readonly files: readonly HashedPart[];
  readonly variables: readonly HashedPart[];
}

/** SHA-256 in hex. Paths count relative to the root file; the order of parts does not count. */
export function contentHash({ root, files, variables }: HashInput): string {
  const hash = createHash('sha256');
  const add = (kind: string, name: string, text: string | undefined) => {
    const bytes = Buffer.from(text ?? '', 'utf8');
    hash.update(`${kind}\0${name}\0${text === undefined ? 'absent' : bytes.length}\0`);
    hash.update(bytes);
  };
  for (const { name, text } of sorted(files)) add('file', relative(dirname(root), name), text);
  for (const { name, text } of sorted(variables)) add('variable', name, text);
  return hash.digest('hex');
}

function sorted(parts: readonly HashedPart[]): readonly HashedPart[] {
  return parts.toSorted((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
}
