// What each outcome means to the caller's shell (O1), and how failures are told.
import { ChanceryError, type ErrorCode } from '../lib/errors.ts';
import type { Terminal } from './terminal.ts';

/** O1; the codes above 4 are those of sysexits.h. */
export const EXIT = { ok: 0, invalid: 1, differs: 2, unreachable: 4, usage: 64, unavailable: 69, bug: 70 } as const;

const CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  ERR_USAGE: EXIT.usage,
  ERR_INVALID_CONFIG: EXIT.invalid,
  ERR_SERVER_UNREACHABLE: EXIT.unreachable,
  ERR_PORT_IN_USE: EXIT.unavailable,
  ERR_ENVOY_NOT_FOUND: EXIT.unavailable,
  ERR_ENVOY_FAILED: EXIT.unavailable,
  ERR_PROOF_FAILED: EXIT.unavailable,
  ERR_API_DESCRIPTORS: EXIT.unavailable,
};

/** Prints a failure for a person, with its remedy and never with a stack trace unless the log level is debug; gives the exit code. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  if (error instanceof ChanceryError && CODES[error.code] !== undefined) {
    terminal.err(`error: ${error.message}\n${error.remedy === undefined ? '' : `help: ${error.remedy}\n`}`);
    return CODES[error.code] ?? EXIT.bug;
  }
  const systemError = systemErrorText(error);
  if (systemError !== undefined) {
    terminal.err(`error: ${systemError}\n`);
    return EXIT.unavailable;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.err(
    `internal error: ${message}\nThis is a fault of chancery, not of yours: please report it with this message and what you did.\n`,
  );
  if (terminal.env.CHANCERY_LOG_LEVEL !== 'debug') terminal.err('CHANCERY_LOG_LEVEL=debug shows where it happened.\n');
  else if (error instanceof Error) terminal.err(`${error.stack}\n`);
  return EXIT.bug;
}

/** What the operating system refused (a full disk, a forbidden file) is no fault of ours. */
function systemErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return error.message.replace(/^\w+: /, '');
}
