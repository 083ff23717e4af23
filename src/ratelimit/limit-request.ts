// Questions of operators as they come over HTTP (R811): checked by hand, unknown fields refused; values of keys only in bodies, since addresses are
// logged. Pure.
import type { LimitAnswer, LimitQuestion } from './limit-question.ts';

const DEEDS = ['show', 'explain', 'reset', 'ban', 'grant'] as const;
const FIELDS = ['deed', 'gateway', 'limit', 'parts', 'hits'];
const MOST_PARTS = 64;
const LONGEST_VALUE = 4_096;

/** `{deed, gateway, limit, parts: {PART: VALUE}, hits?}`; a text: what is wrong with it. */
export function limitQuestion(body: unknown): LimitQuestion | string {
  if (!isRecord(body)) return 'the body is no JSON object';
  const stray = Object.keys(body).find((field) => !FIELDS.includes(field));
  if (stray !== undefined) return `the field "${stray}" is not known`;
  const deed = DEEDS.find((known) => known === body['deed']);
  if (deed === undefined) return `"deed" is one of ${DEEDS.join(', ')}`;
  const { gateway, limit, hits } = body;
  if (typeof gateway !== 'string' || typeof limit !== 'string') return '"gateway" and "limit" are names';
  const parts = partsOf(body['parts'] ?? {});
  if (parts === undefined) return '"parts" has a text for each part of the key';
  if (deed !== 'grant') return hits === undefined ? { kind: deed, gateway, limit, parts } : '"hits" is for a grant only';
  if (typeof hits !== 'number' || !Number.isSafeInteger(hits) || hits < 1) return '"hits" is a whole number above 0';
  return { kind: 'grant', gateway, limit, parts, hits };
}

/** Whether it changes a counter. */
export function isChange({ kind }: LimitQuestion): boolean {
  return kind === 'reset' || kind === 'ban' || kind === 'grant';
}

/** As HTTP. */
export function httpAnswer(answer: LimitAnswer): { readonly status: number; readonly body: object } {
  if (answer.kind !== 'refused') {
    const { kind: _, ...body } = answer;
    return { status: 200, body };
  }
  const { status, reason: detail } = answer;
  return { status, body: { type: 'about:blank', title: 'The question about limits was refused', status, detail } };
}

function partsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(value)) return undefined;
  const parts = new Map<string, string>();
  for (const [part, text] of Object.entries(value)) {
    if (typeof text !== 'string' || text.length > LONGEST_VALUE || parts.size >= MOST_PARTS) return undefined;
    parts.set(part, text);
  }
  return Object.fromEntries(parts);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
