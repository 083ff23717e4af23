// The texts of a gateway's own files for the history, with secrets masked (D2). Reads them as they are now; what it cannot read it leaves out.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SourceTexts } from '../delivery/revision-store.ts';

const MASK = '[redacted]';
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** `password: text`, with or without quotes and braces around; a reference (`${env:…}`) tells nothing and stays. */
const SECRET_VALUE =
  /^(.*?["']?[\w-]*(?:password|passwd|secret|token|api-?key|authorization|cookie)[\w-]*["']?\s*:[ \t]*)(?!["']?\$\{)([^\s{[|>#][^\n]*)$/gim;

/** `files`: all that a build read; only configuration is kept, not what its `${file:…}` names. Undefined where nothing could be read. */
export async function sourceTexts(files: readonly string[]): Promise<SourceTexts | undefined> {
  const own = files.filter((file) => /\.ya?ml$/i.test(path.basename(file)));
  const read = await Promise.all(own.map(async (file) => ({ file, text: await readFile(file, 'utf8').catch(() => undefined) })));
  const texts = read.flatMap(({ file, text }) => (text === undefined ? [] : [{ file, text: withoutSecrets(text) }]));
  if (texts.length === 0) return undefined;
  return { id: createHash('sha256').update(JSON.stringify(texts)).digest('hex'), files: texts };
}

export function withoutSecrets(text: string): string {
  return text.replace(PRIVATE_KEY, MASK).replace(SECRET_VALUE, (_line, key: string) => `${key}${MASK}`);
}
