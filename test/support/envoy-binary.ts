// Where the repository is, and the Envoy that tests run: the one that the program itself finds. A missing one fails a test run, never skips it.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChanceryError } from '../../src/lib/errors.ts';
import { findEnvoy } from '../../src/local-envoy/find-envoy.ts';

/** The repository's root. */
export const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Absolute path of an Envoy binary. Throws with the remedy where none is found. */
export function findEnvoyBinary(env: Readonly<Record<string, string | undefined>> = process.env): string {
  try {
    return findEnvoy({ env, packageRoot: REPOSITORY });
  } catch (error) {
    throw error instanceof ChanceryError ? new Error(`${error.message}; ${error.remedy}`, { cause: error }) : error;
  }
}
