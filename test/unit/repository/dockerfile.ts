// Reads a Dockerfile, and carries out on plain folders what its stages do to files. Runs no container.
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly image: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export interface Copy {
  /** The stage that the sources are taken from; absent: the repository. */
  readonly from?: string;
  /** As written: relative to the repository, or absolute in the other stage. */
  readonly sources: readonly string[];
  readonly target: string;
}

export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { image: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [image = '', , alias = `stage-${stages.length}`] = rest.split(' ');
      stages.push({ image, name: alias, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ name, text: rest });
    }
  }
  return stages;
}

/** What a COPY instruction says. */
export function parseCopy(text: string): Copy {
  const words = text.split(' ');
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined;
  const target = words.pop() ?? '';
  return { ...(from === undefined ? {} : { from }), sources: words, target };
}

/** Copies as COPY does: a folder's content into the target, a file to it or, where it ends in a slash or there are several, into it. */
export function copy({ sources, target }: Copy, from: (source: string) => string, root: string): void {
  const isFolder = target.endsWith('/') || sources.length > 1;
  for (const source of sources) {
    const destination = isFolder ? path.join(root, target, path.basename(source)) : path.join(root, target);
    mkdirSync(path.dirname(destination), { recursive: true });
    cpSync(from(source), destination, { recursive: true });
  }
}
