// A log sink that appends to a file at once, so that no line is lost when the process ends.
import { mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { LogSink } from '../telemetry/logger.ts';

/** Makes the file's folder; the file is readable by its owner only. */
export function fileSink(file: string): LogSink {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, 'a', 0o600);
  return { write: (line) => writeSync(descriptor, line) };
}
