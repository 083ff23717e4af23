// Header names and values, wherever headers are matched or changed.
import { ok } from '../../lib/result.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';

/** RFC 9110 §5.1: a field name is a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PSEUDO_HELP: ReadonlyMap<string, string> = new Map([
  [':path', 'matches has path for it, and rewrite changes it'],
  [':method', 'matches has methods for it'],
  [':authority', 'a route has hostnames for it, and rewrite: {host: …} changes it'],
  [':scheme', 'listeners decide it'],
  [':status', 'respond and redirect decide it'],
]);

/** As the user wrote it; case has no meaning. Pseudo headers are refused with the word to use instead (B44). */
export function headerName(): Scalar<string> {
  return scalar({ type: 'string', pattern: TOKEN.source, examples: ['x-team'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a header name', value);
    if (value.startsWith(':')) return wrong('CH1113', '{value} is a pseudo header', PSEUDO_HELP.get(value.toLowerCase()));
    if (TOKEN.test(value) && value.length <= 256) return ok(value);
    return wrong('CH1113', '{value} is not a header name', 'use letters, digits and "-"');
  });
}

/** A header name that may be changed: `host` has its own way. */
export function changeableHeaderName(): Scalar<string> {
  const base = headerName();
  return scalar({ type: 'string', pattern: TOKEN.source }, (value) => {
    if (typeof value === 'string' && value.toLowerCase() === 'host') {
      return wrong('CH1113', 'the host header cannot be changed here', 'write rewrite: {host: …} in the route');
    }
    const parsed = base.safeParse(value);
    if (parsed.success) return ok(parsed.data);
    const [issue] = parsed.error.issues;
    const help = issue?.code === 'custom' ? issue.params?.['help'] : undefined;
    return wrong('CH1113', issue?.message ?? '{value} is not a header name', typeof help === 'string' ? help : undefined);
  });
}
