// What a counter of ours is named by (R102), alike for requests that are counted one by one and for budgets that are divided over proxies.
import type { LimitRate } from '../limit-table.ts';

/** Algorithm, window and zone, but not N: raising N keeps what was used. */
export function counterIdentity(
  domain: string,
  name: string,
  { algorithm, periodUs, calendar }: Pick<LimitRate, 'algorithm' | 'periodUs'> & { readonly calendar?: LimitRate['calendar'] | undefined },
): string {
  const zone = calendar === undefined ? '' : `/${calendarText(calendar)}`;
  return `${domain}/${name}/${algorithm}/${periodUs}${zone}`;
}

/** Values of the key in the limit's order. A part that is missing differs from every value that it could have, the empty one too. */
export function counterParts(values: readonly (string | Uint8Array | undefined)[]): readonly (string | Uint8Array)[] {
  return values.flatMap((value) => (value === undefined ? ['-'] : ['+', value]));
}

function calendarText({ unit, count, timeZone, weekStart, monthDay }: NonNullable<LimitRate['calendar']>): string {
  return `${count}${unit}/${timeZone}/${weekStart}/${monthDay}`;
}
