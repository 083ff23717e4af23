// What a command gets from the program.
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  /** Reports the exit code (O1). */
  readonly finish: (exitCode: number) => void;
}
