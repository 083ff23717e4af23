// One JSON document on disk that must survive a restart. Its file is readable by its owner only. Decides nothing about what it says.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile } from './replace-file.ts';

export interface DocumentStore {
  /** The value that was written last; undefined where there is none, or where the file is not one that was written completely. */
  read(): Promise<unknown>;
  /** Writes follow each other; of several that wait only the newest is written. */
  write(value: unknown): Promise<void>;
}

/** `format` names what the document says and its version: a document of another format counts as none. */
export function createDocumentStore(file: string, format: string): DocumentStore {
  let writing: Promise<void> | undefined;
  let next: { readonly value: unknown } | undefined;
  const writeAll = async (): Promise<void> => {
    try {
      while (next !== undefined) {
        const { value } = next;
        next = undefined;
        const body = JSON.stringify(value);
        await replaceFile(file, Buffer.from(`${headerOf(format, body)}\n${body}`));
      }
    } finally {
      writing = undefined;
    }
  };
  return {
    read: async () => {
      const text = await readFile(file, 'utf8').catch(() => '');
      const end = text.indexOf('\n');
      const body = text.slice(end + 1);
      const value: unknown = end > 0 && text.slice(0, end) === headerOf(format, body) ? JSON.parse(body) : undefined;
      return value;
    },
    write: (value) => {
      next = { value };
      writing ??= writeAll();
      return writing;
    },
  };
}

function headerOf(format: string, body: string): string {
  return `${format} ${createHash('sha256').update(body).digest('hex')}`;
}
