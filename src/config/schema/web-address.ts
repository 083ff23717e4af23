// Addresses of web resources that the gateway itself asks: key sets and introspection.
import { ok } from '../../lib/result.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';

/** `https://…`, or `http://…`, which is checked where the use is known. Without user, password and fragment. */
export function webAddress(what: string): Scalar<string> {
  return scalar({ type: 'string', examples: ['https://id.example.com/jwks.json'] }, (value) => {
    if (typeof value !== 'string') return wrongType(what, value);
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      return wrong('CH1123', `{value} is not ${what}`, url === undefined ? 'did you mean "https://{value}"?' : 'it begins with https://');
    }
    if (url.username !== '' || url.password !== '') return wrong('CH1123', `${what} holds no user and password`);
    if (url.hash !== '') return wrong('CH1123', `${what} has no part behind #`);
    return ok(value);
  });
}
