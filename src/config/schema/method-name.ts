// Names of HTTP methods.
import { ok } from '../../lib/result.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';

/** In capitals, as on the wire: methods have case. */
export function methodName(): Scalar<string> {
  return scalar({ type: 'string', pattern: '^[A-Z][A-Z0-9_-]*$', examples: ['GET', 'POST'] }, (value) => {
    if (typeof value !== 'string') return wrongType('an HTTP method', value);
    if (/^[A-Z][A-Z0-9_-]{0,31}$/.test(value)) return ok(value);
    const upper = value.toUpperCase();
    const help = /^[A-Z][A-Z0-9_-]{0,31}$/.test(upper) ? `did you mean ${upper}? methods are written in capitals` : undefined;
    return wrong('CH1106', '{value} is not an HTTP method', help);
  });
}
