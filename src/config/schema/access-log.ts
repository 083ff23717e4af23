// Where Envoy writes its access log.
import { ok } from '../../lib/result.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { shape } from './shape.ts';

/** `stdout`, `stderr` or an absolute path on Envoy's machine. */
function logTarget(): Scalar<string> {
  return scalar({ type: 'string', examples: ['stdout', 'stderr', '/var/log/envoy/access.log'] }, (value) => {
    if (typeof value !== 'string') return wrongType('stdout, stderr or a path', value);
    if (value === 'stdout' || value === 'stderr' || (value.startsWith('/') && !value.includes('\0'))) return ok(value);
    return wrong('CH1106', '{value} is neither stdout nor stderr nor a path', "a path is absolute, because Envoy's folder is not ours");
  });
}

export const accessLogSchema = shape(
  {
    json: logTarget().describe("JSON lines to stdout, stderr or a file on Envoy's machine."),
  },
  { insteadOfScalar: 'write {json: stdout}' },
).describe('One line for each request. Absent: no access log.');
