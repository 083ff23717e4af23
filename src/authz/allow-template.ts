// What the answers to all callers of one provider have in common, as ready bytes (P18): an answer to a new caller adds the headers that tell who
// it is, the hash of it, and what is told of its claims.
import type { CompiledPolicy } from './policy/compiled-policy.ts';
import type { TokenSettings } from './policy/settings.ts';
import { ALLOW_FIELD, stampHeader } from './reply-allow.ts';
import type { ProtoStruct } from './reply-metadata.ts';
import { ReplyWriter } from './reply-writer.ts';

export interface TemplateFacts {
  readonly policy: CompiledPolicy;
  readonly provider: Pick<TokenSettings, 'forwardClaims'>;
  /** Of every answer, besides identity headers that are not told. */
  readonly headersToRemove: ReadonlySet<string>;
  /** Without what belongs to one caller. */
  readonly metadata: ProtoStruct;
}

const writer = new ReplyWriter();

export class AllowTemplate {
  /** How many headers a caller's stamps must have; who has fewer claims gets an answer of another form. */
  readonly #headers: number;
  readonly #metadata: Buffer;
  readonly #removed: Buffer;

  /** Undefined where some header would be told and removed: then each answer is looked at by itself (H6). */
  static of({ policy, provider, headersToRemove, metadata }: TemplateFacts): AllowTemplate | undefined {
    const told = new Set(provider.forwardClaims.map(({ header }) => header));
    const known = new Set(policy.settings.identityHeaders);
    if ([...told].some((header) => headersToRemove.has(header) || !known.has(header))) return undefined;
    const removed = new Set([...headersToRemove, ...[...known].filter((header) => !told.has(header))]);
    return new AllowTemplate(told.size, metadata, [...removed].sort());
  }

  private constructor(headers: number, metadata: ProtoStruct, removed: readonly string[]) {
    this.#headers = headers;
    writer.clear();
    writer.struct(metadata);
    this.#metadata = writer.bytes();
    writer.clear();
    for (const name of removed.toReversed()) writer.text(ALLOW_FIELD.removed, name);
    this.#removed = writer.bytes();
  }

  /** `own`: of the metadata, what belongs to the caller. Undefined: not an answer of this form. */
  answer(stamps: ReadonlyMap<string, string>, own: ProtoStruct): Buffer | undefined {
    if (stamps.size !== this.#headers) return undefined;
    writer.clear();
    const metadata = writer.begin();
    writer.struct(own);
    writer.ready(this.#metadata);
    writer.end(ALLOW_FIELD.metadata, metadata);
    const ok = writer.begin();
    writer.ready(this.#removed);
    for (const [name, value] of stamps) stampHeader(writer, name, value);
    writer.end(ALLOW_FIELD.ok, ok);
    writer.end(ALLOW_FIELD.status, writer.begin());
    return writer.bytes();
  }
}
