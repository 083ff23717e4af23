// The machine as a companion sees it: clock, random source. Handed in where the program starts.
import { randomBytes } from 'node:crypto';

export interface SystemPorts {
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A text that nobody can guess. */
  readonly secretText: () => string;
}

export function systemPorts(): SystemPorts {
  return {
    nowMs: () => new Date().getTime(),
    random: () => randomBytes(4).readUInt32LE() / 2 ** 32,
    secretText: () => randomBytes(32).toString('base64'),
  };
}
