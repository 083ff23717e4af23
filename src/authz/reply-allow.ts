// The one place that makes answers which let a request pass (G2): bytes of a CheckResponse. Each identity header of the gateway stands in it
// exactly once, as a stamp or among what is removed (H6); credentials that were read are removed (H8).
import type { ProtoStruct } from './reply-metadata.ts';
import { ReplyWriter } from './reply-writer.ts';

export interface AllowFacts {
  /** Lower case, sorted. */
  readonly identityHeaders: readonly string[];
  readonly stamps: ReadonlyMap<string, string>;
  /** Besides: credentials, and what the proxy told us alone. */
  readonly headersToRemove: ReadonlySet<string>;
  readonly queryParametersToRemove: readonly string[];
  /** The `cookie` header without credentials; `''`: nothing is left of it; absent: it stays as it came. */
  readonly cookie?: string;
  readonly metadata: ProtoStruct;
}

/** Numbers of the fields of CheckResponse, OkHttpResponse and HeaderValueOption. */
export const ALLOW_FIELD = { status: 1, ok: 3, metadata: 4, headers: 2, removed: 5, queryRemoved: 8, header: 1, action: 3 } as const;
const FIELD = ALLOW_FIELD;
/** OVERWRITE_IF_EXISTS_OR_ADD: without it a client's own copy of the header would stay beside ours (H5). */
const OVERWRITE = 2;
const writer = new ReplyWriter();

/** Throws for a stamp that is no identity header, is empty or is removed too: all bugs, and none may reach a backend. */
export function allowReply(facts: AllowFacts): Buffer {
  const { identityHeaders, stamps, cookie } = facts;
  const removed = new Set(facts.headersToRemove);
  const headers: (readonly [string, string])[] = [];
  for (const name of identityHeaders) {
    const value = stamps.get(name);
    if (value === undefined) removed.add(name);
    else headers.push([name, value]);
  }
  if (headers.length !== stamps.size) throw new Error('a stamp is no identity header of the gateway (H6)');
  if (cookie === '') removed.add('cookie');
  else if (cookie !== undefined) headers.push(['cookie', cookie]);
  for (const [name, value] of headers) {
    if (removed.has(name)) throw new Error('an identity header is stamped and removed (H6)');
    if (value === '') throw new Error('a stamp is empty (H6)');
  }
  return written(facts, headers, [...removed].sort());
}

/** From the last field to the first, as the writer wants it. */
function written(facts: AllowFacts, headers: readonly (readonly [string, string])[], removed: readonly string[]): Buffer {
  writer.clear();
  writer.message(FIELD.metadata, () => writer.struct(facts.metadata));
  writer.message(FIELD.ok, () => {
    for (const name of facts.queryParametersToRemove) writer.text(FIELD.queryRemoved, name);
    for (const name of removed.toReversed()) writer.text(FIELD.removed, name);
    for (const [name, value] of headers.toReversed()) stampHeader(writer, name, value);
  });
  // Present, and OK by its absent code: no bytes at all would mean the same, so they must not come about by accident (G2).
  writer.message(FIELD.status, () => undefined);
  return writer.bytes();
}

/** A header that backends get, in place of any copy. */
export function stampHeader(to: ReplyWriter, name: string, value: string): void {
  const option = to.begin();
  to.number(FIELD.action, OVERWRITE);
  const header = to.begin();
  to.text(2, value);
  to.text(1, name);
  to.end(FIELD.header, header);
  to.end(FIELD.headers, option);
}
