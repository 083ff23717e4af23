// From a question as it is asked, on a command line or over the API, to its whole answer, as text and as JSON. Pure.
import type { ConfigPath } from '../lib/issue.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import type { AuthModel } from '../model/auth/types.ts';
import type { Model } from '../model/types.ts';
import { addressOf } from './client-address.ts';
import { type ExplainQuestion, explain } from './explain.ts';
import { explanationJson } from './explanation-json.ts';
import { explanationText, type Frame } from './explanation-text.ts';
import { readRequest } from './request.ts';

/** Plain data: it crosses threads. */
export interface AskedRequest {
  readonly method: string;
  readonly url: string;
  /** Such as `x-team: shop`. */
  readonly headers: readonly string[];
  /** Address of the connection. */
  readonly ip?: string;
  /** A token besides those in the headers. */
  readonly token?: string;
  /** Name; absent: chosen by scheme and port. */
  readonly listener?: string;
}

export interface Explained {
  readonly text: string;
  readonly json: object;
}

export interface ExplainTools {
  readonly nowMs: number;
  readonly formOf: ExplainQuestion['formOf'];
  readonly placeOf: (path: ConfigPath) => string | undefined;
  /** Values of keys are left out of the answer. */
  readonly hidesValues: boolean;
}

/** Fails with what is wrong with the question. */
export function explained(model: Model, asked: AskedRequest, tools: ExplainTools): Result<Explained, string> {
  const { listener, token, ip } = asked;
  const request = readRequest(asked.method, asked.url, asked.headers);
  if (!request.ok) return request;
  const address = ip === undefined ? undefined : addressOf(ip);
  if (ip !== undefined && address === undefined) return failed(`"${ip}" is no address`);
  if (listener !== undefined && !model.listeners.some(({ name }) => name === listener))
    return failed(`gateway ${model.gateway} has no listener ${listener}; there are ${model.listeners.map(({ name }) => name).join(', ')}`);
  const explanation = explain(model, {
    request: { ...request.value, ...(address === undefined ? {} : { ip: address }) },
    nowMs: tools.nowMs,
    formOf: tools.formOf,
    ...(token === undefined ? {} : { token }),
    ...(listener === undefined ? {} : { listener }),
  });
  const frame: Frame = {
    gateway: model.gateway,
    placeOf: tools.placeOf,
    hidesValues: tools.hidesValues,
    secretHeaders: secretHeaders(model.auth),
    ...(model.limits === undefined ? {} : { service: model.limits.service }),
  };
  return ok({ text: explanationText(explanation, frame), json: explanationJson(explanation, frame) });
}

/** Those that credentials come in. */
function secretHeaders(auth: AuthModel | undefined): ReadonlySet<string> {
  const sources = [...(auth?.jwt ?? []), ...(auth?.apiKeys ?? []), ...(auth?.introspection ?? [])].flatMap(({ from }) => from);
  return new Set([
    'authorization',
    'cookie',
    'proxy-authorization',
    ...sources.flatMap((each) => (each.kind === 'header' ? [each.name] : [])),
  ]);
}
