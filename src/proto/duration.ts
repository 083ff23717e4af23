// Milliseconds to google.protobuf.Duration and its text form. Knows nothing of where durations are used.

/** A google.protobuf.Duration in plain numbers; fits the generated input type. */
export interface DurationMessage {
  readonly seconds: number;
  readonly nanos: number;
}

const MS_PER_SECOND = 1000;
const NANOS_PER_MS = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;

/** `ms` may be fractional (down to a nanosecond) and negative; seconds and nanos then carry the same sign, as protobuf wants. */
export function duration(ms: number): DurationMessage {
  const whole = Math.trunc(ms / MS_PER_SECOND);
  const nanos = Math.round((ms - whole * MS_PER_SECOND) * NANOS_PER_MS);
  const carry = Math.trunc(nanos / NANOS_PER_SECOND);
  // `+ 0` makes a negative zero a zero.
  return { seconds: whole + carry + 0, nanos: nanos - carry * NANOS_PER_SECOND + 0 };
}

/** Proto3 JSON: `3s`, `0.250s`, with 0, 3, 6 or 9 decimals. */
export function formatDuration(seconds: number, nanos: number): string {
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  const decimals = String(Math.abs(nanos))
    .padStart(9, '0')
    .replace(/(000){1,3}$/, '');
  return `${sign}${Math.abs(seconds)}${decimals === '' ? '' : `.${decimals}`}s`;
}
