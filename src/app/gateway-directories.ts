// The root files of directories of gateways: every YAML file that defines one (C14). Reads the directories when asked; watches nothing.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A key at the left margin: also found in a file that does not parse, which must be told and not passed over. */
const DEFINES_GATEWAY = /^["']?gateway["']?\s*:/m;
const YAML_FILE = /\.ya?ml$/;

export interface DirectoryListing {
  /** Files that define a gateway, absolute, sorted. */
  readonly roots: readonly string[];
  /** YAML files that do not, such as those that are included, or one that is being written. */
  readonly others: readonly string[];
}

/** Without the files that are known. What cannot be read is passed over: a file may go while we look. */
export function listGatewayDirectory(directory: string, isKnown: (file: string) => boolean = () => false): DirectoryListing {
  const roots: string[] = [];
  const others: string[] = [];
  for (const entry of entriesOf(directory)) {
    const file = path.join(directory, entry);
    const text = isKnown(file) ? undefined : textOf(file);
    if (text !== undefined) (DEFINES_GATEWAY.test(text) ? roots : others).push(file);
  }
  return { roots, others };
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((entry) => YAML_FILE.test(entry))
      .sort();
  } catch {
    return [];
  }
}

function textOf(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
