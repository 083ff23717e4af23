// Texts that nobody may read: keys and passwords. A Secret from here on (C7).
import { ok } from '../../lib/result.ts';
import { Secret } from '../../lib/secret.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';

/** `what` names it with its article. No message ever holds the value. */
export function secretText(what: string): Scalar<Secret> {
  return scalar({ type: 'string', examples: ['${file:/run/secrets/key}', '${env:KEY}'] }, (value) => {
    if (typeof value !== 'string') return wrongType(what, value, 'write "${file:PATH}" or "${env:NAME}"');
    if (value === '') return wrong('CH1104', `expected ${what}, found an empty text`);
    return ok(new Secret(value));
  });
}
