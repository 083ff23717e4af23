// The log of a worker: lines go to the supervisor, which writes them with the program's one logger and its redaction.
import type { LogFields, Logger, LogLevel } from '../telemetry/logger.ts';
import type { WorkerPort } from './worker-handle.ts';

export function workerLogger(port: Pick<WorkerPort, 'send'>, shared: LogFields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (fields: LogFields, message: string): void =>
      port.send({ kind: 'log', level, fields: plain({ ...shared, ...fields }), message });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => workerLogger(port, { ...shared, ...fields }),
  };
}

/** A Secret has nothing that a copy could take along; an error with a part that cannot be copied would not be sent at all. */
function plain({ err, ...fields }: LogFields): LogFields {
  if (err === undefined) return fields;
  return { ...fields, reason: err instanceof Error ? `${err.name}: ${err.message}` : 'no error object' };
}
