// One event as one line for people. Pure.
import type { WatchedEvent } from './event-source.ts';
import { messageLine } from './message-lines.ts';

const COLORS: Readonly<Record<string, string>> = {
  nack: '\u001b[31m',
  withdrawn: '\u001b[31m',
  quarantined: '\u001b[31m',
  stale: '\u001b[33m',
  live: '\u001b[32m',
  reached: '\u001b[32m',
  push: '\u001b[2m',
  ack: '\u001b[2m',
};
const WHO_WIDTH = 22;

/** `12:03:04  edge/node-1  refused Cluster …`; control characters of what clients wrote are shown, not obeyed. */
export function eventLine({ at, kind = '', gateway = '', node, text }: WatchedEvent, color: boolean): string {
  const time = at === undefined ? '        ' : new Date(at).toTimeString().slice(0, 8);
  const who = node === undefined ? gateway : `${gateway}/${node}`;
  const line = `${time}  ${messageLine(who).padEnd(WHO_WIDTH)}  ${messageLine(text)}`;
  const start = color ? (COLORS[kind] ?? '') : '';
  return start === '' ? `${line}\n` : `${start}${line}\u001b[0m\n`;
}
