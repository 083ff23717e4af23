// A name of a limit that leads nowhere, with the one that was probably meant.
import type { ConfigPath } from '../../lib/issue.ts';
import { nearest } from '../../lib/nearest.ts';
import { errorAt, type Report } from '../issue.ts';
import type { Limit } from './types.ts';

export interface KnownLimits {
  readonly limits: ReadonlyMap<string, Limit>;
  /** Defined, with mistakes of their own. */
  readonly broken: readonly string[];
}

export function reportUnknownLimit(
  name: string,
  { path, known }: { readonly path: ConfigPath; readonly known: KnownLimits },
  report: Report,
): void {
  if (known.broken.includes(name)) return;
  const names = [...known.limits.keys(), ...known.broken];
  const meant = nearest(name, names);
  const listed = names.length === 0 ? 'define it under rateLimits' : `known are ${names.slice(0, 10).join(', ')}`;
  report(
    errorAt(path, 'CH2900', {
      message: `unknown limit "${name}"`,
      label: 'not defined in any included file',
      help: meant === undefined ? listed : `did you mean "${meant}"?`,
      ...(meant === undefined ? {} : { related: [{ message: `"${meant}" is here`, path: ['rateLimits', meant], at: 'key' }] }),
    }),
  );
}
