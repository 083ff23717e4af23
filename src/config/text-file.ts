// One file to its text, with every way in which that can fail as a value: missing, too large, not UTF-8.
import { failed, ok, type Result } from '../lib/result.ts';
import { type ConfigFileSystem, readFailure } from './config-file-system.ts';

export interface UnreadableFile {
  readonly reason: 'missing' | 'tooLarge' | 'notText';
  /** The end of a sentence: `it does not exist`. */
  readonly message: string;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A byte order mark is taken away. The size is checked before anything is read. */
export async function readTextFile(fs: ConfigFileSystem, path: string, maxBytes: number): Promise<Result<string, UnreadableFile>> {
  const bytes = await readBytes(fs, path, maxBytes);
  if (!bytes.ok) return bytes;
  try {
    return ok(decoder.decode(bytes.value));
  } catch {
    return failed({ reason: 'notText', message: notTextMessage(bytes.value) });
  }
}

async function readBytes(fs: ConfigFileSystem, path: string, maxBytes: number): Promise<Result<Uint8Array, UnreadableFile>> {
  try {
    const { kind, size } = await fs.stat(path);
    if (kind !== 'file')
      return failed({ reason: 'missing', message: kind === 'directory' ? 'it is a directory' : 'it is not a regular file' });
    if (size > maxBytes) return failed(tooLarge(size, maxBytes));
    const bytes = await fs.read(path);
    return bytes.length > maxBytes ? failed(tooLarge(bytes.length, maxBytes)) : ok(bytes);
  } catch (error) {
    return failed({ reason: 'missing', message: readFailure(error) });
  }
}

function tooLarge(size: number, maxBytes: number): UnreadableFile {
  return { reason: 'tooLarge', message: `it has ${mebibytes(size)} MiB, and ${mebibytes(maxBytes)} MiB is the limit` };
}

function mebibytes(bytes: number): string {
  return String(Math.round((bytes / 1_048_576) * 10) / 10);
}

function notTextMessage(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return isUtf16 ? 'it is UTF-16, and UTF-8 is expected' : 'it is not UTF-8 text';
}
