// Durations with a unit (C9) and ranges of them, in milliseconds unless the name says otherwise.
import { ok } from '../../lib/result.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const DURATION = /^([0-9]{1,15}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)$/;
const PATTERN = '[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)';
const UNITS = 'units are ms, s, m, h and d';
/** Ten years: more is a mistake, and Envoy counts in signed 64-bit nanoseconds. */
const MAX_MS = 3650 * 86_400_000;

/** Whole milliseconds above zero. `0s` is refused, because it reads as "never" to some and as "at once" to others (B33). */
export function duration(): Scalar<number> {
  return scalar({ type: 'string', pattern: `^${PATTERN}$`, examples: ['250ms', '3s', '5m'] }, (value) => parseDuration(value, ''));
}

/** Whole seconds within `range`, which counts in seconds. */
export function wholeSeconds({ min, max }: { readonly min: number; readonly max: number }): Scalar<number> {
  return scalar({ type: 'string', pattern: `^${PATTERN}$`, examples: ['30s'] }, (value) => {
    const parsed = parseDuration(value, '');
    if (!parsed.ok) return parsed;
    const seconds = parsed.value / 1000;
    if (!Number.isInteger(seconds)) return wrong('CH1108', '{value} is not possible here: whole seconds are', 'use whole seconds');
    if (seconds < min || seconds > max) return wrong('CH1108', `{value} is not between ${min}s and ${max}s`);
    return ok(seconds);
  });
}

/** A duration, or the word `none` for no limit at all (B33). */
export function durationOrNone(): Scalar<number | 'none'> {
  return scalar<number | 'none'>({ type: 'string', pattern: `^(none|${PATTERN})$`, examples: ['3s', 'none'] }, (value) =>
    value === 'none' ? ok('none') : parseDuration(value, '; write none for no limit'),
  );
}

/** `25ms..250ms`: where waiting begins, and its longest (B31). */
export function durationRange(): Scalar<{ baseMs: number; maxMs: number }> {
  return scalar({ type: 'string', pattern: `^${PATTERN}\\.\\.${PATTERN}$`, examples: ['25ms..250ms'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a range of durations such as 25ms..250ms', value);
    const [from, to, ...rest] = value.split('..');
    if (from === undefined || to === undefined || rest.length > 0) {
      return wrong('CH1108', '{value} is not a range of durations', 'write it as 25ms..250ms');
    }
    const base = parseDuration(from.trim(), '');
    if (!base.ok) return wrong(base.problem.code, `the start of {value} is wrong: ${forPart(base.problem.message)}`, base.problem.help);
    const max = parseDuration(to.trim(), '');
    if (!max.ok) return wrong(max.problem.code, `the end of {value} is wrong: ${forPart(max.problem.message)}`, max.problem.help);
    if (max.value < base.value) return wrong('CH1108', '{value} ends below its start');
    return ok({ baseMs: base.value, maxMs: max.value });
  });
}

function forPart(message: string): string {
  return message.replace('{value}', 'it');
}

function parseDuration(value: unknown, zeroHint: string): ScalarOutcome<number> {
  if (typeof value === 'number') {
    if (value === 0) return wrong('CH1108', '0 is not a duration here: it must be above zero', zeroHelp(zeroHint));
    return wrong('CH1108', '{value} has no unit', `did you mean {value}s${value >= 100 ? ' or {value}ms' : ''}? ${UNITS}`);
  }
  if (typeof value !== 'string') return wrongType('a duration such as 3s', value);
  const match = DURATION.exec(value);
  const unit = UNIT_MS.get(match?.[2] ?? '');
  if (match?.[1] === undefined || unit === undefined) return wrong('CH1108', '{value} is not a duration', durationHelp(value));
  const ms = Number(match[1]) * unit;
  if (ms === 0) return wrong('CH1108', '{value} is not possible here: a duration must be above zero', zeroHelp(zeroHint));
  if (!Number.isInteger(Math.round(ms * 1e6) / 1e6))
    return wrong('CH1108', '{value} is finer than a millisecond', 'use whole milliseconds');
  if (ms > MAX_MS) return wrong('CH1108', '{value} is longer than ten years');
  return ok(Math.round(ms));
}

function zeroHelp(hint: string): string {
  return hint === '' ? 'leave the key out for the default' : `leave the key out for the default${hint}`;
}

function durationHelp(value: string): string {
  const match = /^\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*$/i.exec(value);
  const meant = match?.[1] === undefined ? undefined : unitMeant(match[2] ?? '');
  return meant === undefined ? `write a number and a unit, such as 250ms or 3s; ${UNITS}` : `did you mean ${match?.[1]}${meant}? ${UNITS}`;
}

function unitMeant(unit: string): string | undefined {
  const lower = unit.toLowerCase();
  if (lower === '' || /^(s|secs?|seconds?)$/.test(lower)) return 's';
  if (/^(ms|msecs?|millis|milliseconds?)$/.test(lower)) return 'ms';
  if (/^(m|mins?|minutes?)$/.test(lower)) return 'm';
  if (/^(h|hrs?|hours?)$/.test(lower)) return 'h';
  return /^(d|days?)$/.test(lower) ? 'd' : undefined;
}
