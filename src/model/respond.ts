// Answers that Envoy gives itself.
import type { RespondConfig } from '../config/schema/respond.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { errorAt, type Report, warningAt } from './issue.ts';
import type { RespondAction } from './types.ts';

/** The compiler raises Envoy's own limit (4 KiB) to this. */
export const MAX_BODY_BYTES = 1_048_576;

export function resolveRespond(config: RespondConfig, path: ConfigPath, report: Report): RespondAction {
  const { body } = config;
  const text = typeof body === 'object' ? JSON.stringify(sortedKeys(body.json)) : body;
  const contentType = config.contentType ?? (typeof body === 'object' ? defaults.JSON_CONTENT_TYPE : undefined);
  reportBody(text ?? '', { path, status: config.status }, report);
  return {
    kind: 'respond',
    status: config.status,
    ...(text === undefined ? {} : { body: text }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

function reportBody(body: string, { path, status }: { readonly path: ConfigPath; readonly status: number }, report: Report): void {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES) {
    const message = `the body is ${bytes} bytes long; at most ${MAX_BODY_BYTES} are possible`;
    report(errorAt([...path, 'body'], 'CH2416', { message, at: 'key', help: 'serve it from a service' }));
  }
  if (bytes > 0 && (status === 204 || status === 205 || status === 304)) {
    const message = `an answer with status ${status} has no body`;
    report(warningAt([...path, 'body'], 'CH2417', { message, at: 'key', help: 'remove the body, or take another status' }));
  }
}

/** The order of keys changes no byte (C15). */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortedKeys);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sortedKeys(inner)]));
}
