// The one wording for a service that nobody defined, wherever it is named.
import type { ConfigPath } from '../lib/issue.ts';
import { nearest } from '../lib/nearest.ts';
import { errorAt, type Report } from './issue.ts';

export function reportUnknownService(
  name: string,
  { path, known }: { readonly path: ConfigPath; readonly known: Iterable<string> },
  report: Report,
): void {
  const meant = nearest(name, known);
  report(
    errorAt(path, 'CH2104', {
      message: `unknown service "${name}"`,
      label: 'not defined in any included file',
      help: meant === undefined ? `define it: services: {${name}: {endpoints: [host:port]}}` : `did you mean "${meant}"?`,
      ...(meant === undefined ? {} : { related: [{ message: `"${meant}" is here`, path: ['services', meant], at: 'key' }] }),
    }),
  );
}
