// References in texts: ${env:NAME}, ${env:NAME:-default} and ${file:PATH} (C6). Finds them and puts values in their place; reads nothing itself.
import type { ConfigPath } from '../lib/issue.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import type { FileIssueCode } from './issue-codes.ts';
import type { PlainValue } from './yaml-value.ts';

export type Reference =
  | { readonly kind: 'env'; readonly name: string; readonly fallback?: string }
  /** As written: relative to the file that names it. */
  | { readonly kind: 'file'; readonly path: string };

export interface ReferenceProblem {
  readonly code: FileIssueCode;
  readonly message: string;
  readonly help?: string;
}

/** The references of one text of a value, or what is wrong with them. */
export interface ReferencingText {
  /** Steps below the value. */
  readonly path: ConfigPath;
  readonly parts: Result<readonly (string | Reference)[], ReferenceProblem>;
}

/** Gives what a reference stands for. */
export type ReferenceLookup = (reference: Reference) => Result<string, ReferenceProblem>;

const KNOWN = 'known are ${env:NAME}, ${env:NAME:-default} and ${file:PATH}; a literal ${ is written $${';

/** All texts in `value` that hold `${`, in order. */
export function findReferences(value: PlainValue): readonly ReferencingText[] {
  const found: ReferencingText[] = [];
  visitTexts(value, [], (text, path) => {
    if (text.includes('${')) found.push({ path, parts: parseReferences(text) });
  });
  return found;
}

/** `value` with all references replaced. A text with a problem stays as it is; call it only where all lookups are known to succeed, or drop the outcome. */
export function replaceReferences(value: PlainValue, lookup: ReferenceLookup): PlainValue {
  if (typeof value === 'string') return value.includes('${') ? replaceInText(value, lookup) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => replaceReferences(item, lookup));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceReferences(item, lookup)]));
}

/** `Array.isArray` for readonly lists. */
export function isList(value: PlainValue): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function replaceInText(text: string, lookup: ReferenceLookup): string {
  const parts = parseReferences(text);
  if (!parts.ok) return text;
  let replaced = '';
  for (const part of parts.value) {
    const value = typeof part === 'string' ? ok(part) : lookup(part);
    if (!value.ok) return text;
    replaced += value.value;
  }
  return replaced;
}

function visitTexts(value: PlainValue, path: ConfigPath, visit: (text: string, path: ConfigPath) => void): void {
  if (typeof value === 'string') visit(value, path);
  else if (typeof value === 'object' && value !== null) {
    if (isList(value)) for (const [index, item] of value.entries()) visitTexts(item, [...path, index], visit);
    else for (const [key, item] of Object.entries(value)) visitTexts(item, [...path, key], visit);
  }
}

/** Texts and references in turn; `$${` becomes the text `${`. */
export function parseReferences(text: string): Result<readonly (string | Reference)[], ReferenceProblem> {
  const parts: (string | Reference)[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('${', at);
    if (open === -1) break;
    if (open > at && text.charAt(open - 1) === '$') {
      parts.push(text.slice(at, open - 1), '${');
      at = open + 2;
      continue;
    }
    const close = text.indexOf('}', open);
    if (close === -1) return failed({ code: 'CH1022', message: 'a reference ${… is not closed', help: KNOWN });
    const reference = parseReference(text.slice(open + 2, close));
    if (!reference.ok) return reference;
    parts.push(text.slice(at, open), reference.value);
    at = close + 1;
  }
  parts.push(text.slice(at));
  return ok(parts.filter((part) => part !== ''));
}

function parseReference(inner: string): Result<Reference, ReferenceProblem> {
  const env = /^env:([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(inner);
  if (env?.[2]?.includes('${') === true) return failed({ code: 'CH1022', message: 'a default cannot hold another reference', help: KNOWN });
  if (env?.[1] !== undefined)
    return ok(env[2] === undefined ? { kind: 'env', name: env[1] } : { kind: 'env', name: env[1], fallback: env[2] });
  const path = /^file:([^\0]+)$/.exec(inner)?.[1];
  if (path !== undefined) return ok({ kind: 'file', path });
  const shown = `\${${inner.length > 60 ? `${inner.slice(0, 60)}…` : inner}}`;
  const isName = /^[A-Za-z_][A-Za-z0-9_]*$/.test(inner);
  return failed({ code: 'CH1022', message: `${shown} is not a reference`, help: isName ? `did you mean \${env:${inner}}?` : KNOWN });
}
