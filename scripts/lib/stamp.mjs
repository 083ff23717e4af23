// Stamps say that a step of set-up is done. They are written last and atomically, so that an
// interrupted run is repeated and never believed.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Hex SHA-256 of the parts; a separator keeps ['ab', 'c'] and ['a', 'bc'] apart. */
export function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

/** Hex SHA-256 of a file's bytes, as sha256sum prints it. */
export function sha256File(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** The file's text, or undefined when it cannot be read. */
export function readIfPresent(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Readers see the old text or the new one, never a part; folders are made. */
export function writeAtomically(file, text) {
  const partial = `${file}.${process.pid}.tmp`;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(partial, text);
  renameSync(partial, file);
}
