// The text form of a history of revisions: a first line that says what it is and how many writes came before, then a line for each write with its
// checksum. What was cut off by a kill is the end of the last line, and counts as not written.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RevisionEntry } from '../delivery/revision.ts';
import { revisionEntrySchema } from './revision-schema.ts';

const MAGIC = 'chancery-revisions 1';

export interface DecodedLog {
  /** How many writes there were, with those before the first line. */
  readonly position: number;
  readonly entries: readonly RevisionEntry[];
  /** Bytes up to the end of the last good line; the next one goes there. */
  readonly length: number;
  /** What is wrong with it, but for a last line that was cut off. */
  readonly damage?: string;
}

export function encodeHeader(position: number): string {
  return `${MAGIC} ${position}\n`;
}

/** One write. */
export function encodeLine(entries: readonly RevisionEntry[]): string {
  const json = JSON.stringify(entries);
  return `${checksum(json)} ${json}\n`;
}

export function decodeLog(bytes: Buffer): DecodedLog {
  const headerEnd = bytes.indexOf(0x0a);
  const base = new RegExp(`^${MAGIC} (\\d{1,15})$`).exec(bytes.subarray(0, Math.max(headerEnd, 0)).toString('latin1'))?.[1];
  if (base === undefined) return { position: 0, entries: [], length: 0, damage: 'it does not begin as a file of this version does' };
  const entries: RevisionEntry[] = [];
  let [position, length, bad] = [Number(base), headerEnd + 1, 0];
  for (let start = length, end = bytes.indexOf(0x0a, start); end >= 0; start = end + 1, end = bytes.indexOf(0x0a, start)) {
    const decoded = decodeLine(bytes.subarray(start, end).toString('utf8'));
    position += 1;
    length = end + 1;
    if (decoded === undefined) bad += 1;
    else entries.push(...decoded);
  }
  return { position, entries, length, ...(bad === 0 ? {} : { damage: `${bad} of its lines are changed or not understood, and left out` }) };
}

const lineSchema = z.array(revisionEntrySchema);

function decodeLine(line: string): readonly RevisionEntry[] | undefined {
  const [sum, json] = [line.slice(0, CHECKSUM_LENGTH), line.slice(CHECKSUM_LENGTH + 1)];
  if (checksum(json) !== sum) return undefined;
  const parsed = lineSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : undefined;
}

const CHECKSUM_LENGTH = 16;

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, CHECKSUM_LENGTH);
}
