// A logger that keeps what it is told, for tests that build a part by hand.
import type { LogFields, Logger } from '../../src/telemetry/logger.ts';

export interface QuietLogger extends Logger {
  readonly lines: readonly { readonly level: string; readonly message: string; readonly fields: LogFields }[];
}

export function quietLogger(): QuietLogger {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const at =
    (level: string) =>
    (fields: LogFields, message: string): void =>
      void lines.push({ level, message, fields });
  const logger: QuietLogger = { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger };
  return logger;
}
