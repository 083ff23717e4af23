// Which headers may tell backends who calls: none that proxies and backends already read for something else (authz H1-H7).
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report } from '../issue.ts';

/** Headers with a meaning of their own for proxies, backends or the companion. */
const RESERVED: ReadonlySet<string> = new Set([
  'accept',
  'authorization',
  'connection',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'grpc-encoding',
  'grpc-timeout',
  'host',
  'keep-alive',
  'origin',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-request-id',
  'x-rewrite-url',
]);
const RESERVED_PREFIXES = ['access-control-', 'content-', 'sec-', 'x-chancery-', 'x-envoy-', 'x-forwarded-'];

/** The headers of one `forwardClaims` or `forward`, lower case, sorted; what cannot be forwarded is told and left out. */
export function forwardedHeaders<Told>(
  config: Readonly<Record<string, Told>> | undefined,
  path: ConfigPath,
  report: Report,
): readonly { readonly header: string; readonly told: Told }[] {
  const found = new Map<string, { readonly header: string; readonly told: Told; readonly written: string }>();
  for (const [written, told] of Object.entries(config ?? {})) {
    const header = written.toLowerCase();
    const other = found.get(header);
    if (other !== undefined) {
      reportRepeated(written, { path, other: other.written }, report);
    } else if (isForwardable(header, [...path, written], report)) {
      found.set(header, { header, told, written });
    }
  }
  return [...found.values()].map(({ header, told }) => ({ header, told })).sort((a, b) => (a.header < b.header ? -1 : 1));
}

function isForwardable(header: string, path: ConfigPath, report: Report): boolean {
  if (header.includes('_')) {
    report(
      errorAt(path, 'CH2809', {
        message: `the header ${header} has a _ in its name, which some backends read as -`,
        at: 'key',
        help: `write ${header.replaceAll('_', '-')}`,
      }),
    );
    return false;
  }
  if (!RESERVED.has(header) && !RESERVED_PREFIXES.some((prefix) => header.startsWith(prefix))) return true;
  report(
    errorAt(path, 'CH2809', {
      message: `the header ${header} has a meaning of its own and cannot tell who calls`,
      at: 'key',
      help: 'take another name, such as x-user-id',
    }),
  );
  return false;
}

function reportRepeated(written: string, { path, other }: { readonly path: ConfigPath; readonly other: string }, report: Report): void {
  report(
    errorAt([...path, written], 'CH2809', {
      message: `the header ${written} is there twice: case has no meaning in names of headers`,
      at: 'key',
      help: 'remove one',
      related: [{ message: 'first here', path: [...path, other], at: 'key' }],
    }),
  );
}
