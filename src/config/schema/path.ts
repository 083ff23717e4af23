// URL paths in matches, rewrites and redirects.
import { ok } from '../../lib/result.ts';
import { hasControlCharacter } from './control-character.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';

/** A space or a control character. */
function isUnsafe(text: string): boolean {
  return /\s/.test(text) || hasControlCharacter(text);
}

/** A path from the root, without query and fragment. */
export function pathText(): Scalar<string> {
  return scalar({ type: 'string', pattern: '^/', examples: ['/orders'] }, (value) => {
    const checked = checkPath(value);
    if (!checked.ok) return checked;
    const extra = /[?#]/.exec(checked.value)?.[0];
    if (extra === '?') return wrong('CH1114', '{value} holds a query', 'leave the query out; conditions on it go to query in matches');
    return extra === '#' ? wrong('CH1114', '{value} holds a fragment, which clients never send', 'leave # and the rest out') : checked;
  });
}

/** `/orders/{id}`: a path with variables; their syntax is read where matches are resolved. */
export function pathTemplate(): Scalar<string> {
  return scalar({ type: 'string', pattern: '^/', examples: ['/orders/{id}'] }, checkPath);
}

function checkPath(value: unknown): ScalarOutcome<string> {
  if (typeof value !== 'string') return wrongType('a path such as /orders', value);
  if (!value.startsWith('/')) return wrong('CH1114', '{value} is not a path: it must begin with /', 'did you mean /{value}?');
  return isUnsafe(value) ? wrong('CH1114', '{value} holds a space or control character', 'write a space as %20') : ok(value);
}
