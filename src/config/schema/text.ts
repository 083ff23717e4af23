// Plain texts, words of a fixed set, switches and names.
import { z } from 'zod';
import { nearest } from '../../lib/nearest.ts';
import { ok } from '../../lib/result.ts';
import { hasControlCharacter } from './control-character.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';

/** Names that the user gives: they become resource and stat names (C16), so they hold no `/`, `:` or space. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/;

export interface TextOptions {
  /** What the text is, with its article: `a host name`. Default `text`. */
  readonly kind?: string;
  /** Default: refused. */
  readonly allowEmpty?: boolean;
  /** Line breaks and other control characters. Default: refused. */
  readonly allowControl?: boolean;
}

/** Text. A number or a boolean is refused with the quoted form as help: YAML would have changed `1.10` to `1.1`. */
export function text(options: TextOptions = {}): Scalar<string> {
  const json = options.allowEmpty === true ? ({ type: 'string' } as const) : ({ type: 'string', minLength: 1 } as const);
  return scalar(json, (value) => {
    const kind = options.kind ?? 'text';
    if (typeof value === 'number' || typeof value === 'boolean') return wrongType(kind, value, 'put it in quotes: "{value}"');
    if (typeof value !== 'string') return wrongType(kind, value);
    if (value === '' && options.allowEmpty !== true) return wrong('CH1104', `expected ${kind}, found an empty text`);
    if (options.allowControl !== true && hasControlCharacter(value)) {
      return wrong('CH1119', `${kind} must not contain line breaks or other control characters`);
    }
    return ok(value);
  });
}

/** Words of other languages whose nearest word of ours would be a wrong one. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ['http2', 'h2'],
  ['http/2', 'h2'],
  ['h2c', 'h2'],
  ['http', 'http1'],
  ['http/1.1', 'http1'],
]);

/** One word of a fixed set. */
export function word<const Word extends string>(...words: readonly Word[]): Scalar<Word> {
  const known: ReadonlyMap<string, Word> = new Map(words.map((each) => [each, each]));
  return scalar({ type: 'string', enum: words }, (value) => {
    const list = words.length > 1 ? `one of ${words.join(', ')}` : `${words[0]}`;
    if (typeof value !== 'string') return wrongType(list, value);
    const found = known.get(value);
    if (found !== undefined) return ok(found);
    const near = words.find((each) => each === OTHER_WORDS.get(value.toLowerCase())) ?? nearest(value.replaceAll('_', '-'), words);
    return wrong('CH1106', `{value} is not known here; expected ${list}`, near === undefined ? undefined : `did you mean "${near}"?`);
  });
}

/** `true` or `false`; the same as text, because a replaced ${env:…} is text. */
export function boolean(): Scalar<boolean> {
  return scalar({ type: 'boolean' }, (value) => {
    if (typeof value === 'boolean') return ok(value);
    if (value === 'true' || value === 'false') return ok(value === 'true');
    if (typeof value !== 'string') return wrongType('true or false', value);
    const meant = /^(?:y|yes|on|true)$/i.test(value) ? 'true' : /^(?:n|no|off|false)$/i.test(value) ? 'false' : undefined;
    return wrongType('true or false', value, meant === undefined ? undefined : `write ${meant}`);
  });
}

/** A switch that can only be on: `tcp: true`. */
export function yes(): Scalar<true> {
  return scalar({ type: 'boolean' }, (value) =>
    value === true || value === 'true' ? ok(true) : wrong('CH1106', 'only true is possible here', 'leave the key out to switch it off'),
  );
}

/** `what` names the thing: `a service name`. */
export function name(what: string): Scalar<string> {
  return scalar({ type: 'string', pattern: NAME.source }, (value) => {
    if (typeof value === 'number') return wrongType(what, value, 'put it in quotes: "{value}"');
    if (typeof value !== 'string') return wrongType(what, value);
    if (NAME.test(value)) return ok(value);
    return wrong(
      'CH1110',
      `{value} cannot be ${what}`,
      'use 1 to 100 letters, digits, "-", "_" or ".", with a letter or digit at both ends',
    );
  });
}

/** A list, by default with at least one item. */
export function list<Item extends z.ZodType>(item: Item, options: { readonly allowEmpty?: boolean } = {}): z.ZodArray<Item> {
  return options.allowEmpty === true ? z.array(item) : z.array(item).min(1);
}
