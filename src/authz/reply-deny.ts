// The one place that makes answers which stop a request (G2-G8): denials, and errors where nobody can decide. All but the request's own parts
// (its id, a host in a challenge, who calls) is made once for each policy, reason and kind of caller.
import type { EnvoyApi } from '../proto/api.ts';
import type { PolicySettings } from './policy/settings.ts';
import type { Refusal } from './policy/verdict.ts';
import { grpcCallerStatus, reasonFacts } from './reason.ts';
import { challengeOf } from './reply-challenge.ts';
import { frame } from './reply-frames.ts';
import type { ProtoStruct } from './reply-metadata.ts';

const TYPE = 'envoy.service.auth.v3.CheckResponse';
/** google.rpc.Code of each HTTP status: never OK (G2). */
const CODES = { 400: 3, 401: 16, 403: 7, 503: 14 } as const;
/** Numbers of the fields of CheckResponse and DeniedHttpResponse. */
const DENIED = 2;
const ERROR = 5;
const BODY = 3;
/** A request without its own connection to a bigger outage is tried again after it. */
const RETRY_AFTER_SECONDS = '1';
const MOST_MESSAGE_BYTES = 200;

export interface DenyFacts {
  /** Absent where no policy is known. */
  readonly settings: PolicySettings | undefined;
  readonly refusal: Refusal;
  readonly isGrpc: boolean;
  /** RFC 9728, where the policy wants it in challenges. */
  readonly metadataUrl: string | undefined;
  readonly metadata: ProtoStruct;
}

/** An answer but for the request's id. */
export class DenyReply {
  readonly #head: Buffer;
  readonly #field: number;
  readonly #plain: Buffer;
  /** Text before and after the request's id; absent for gRPC callers, whose message holds none. */
  readonly #body: readonly [string, string] | undefined;

  constructor(api: EnvoyApi, facts: DenyFacts) {
    const { reason } = facts.refusal;
    const { title } = reasonFacts(reason);
    const status = facts.isGrpc ? grpcCallerStatus(reason) : reasonFacts(reason).status;
    const isError = facts.refusal.value === 'unknown';
    this.#field = isError ? ERROR : DENIED;
    const response = { status: { code: HTTP_STATUS[status] }, headers: headersOf(facts) };
    this.#head = api.encode(TYPE, {
      status: { code: CODES[status] },
      ...(isError ? { error_response: response } : { denied_response: response }),
      dynamic_metadata: facts.metadata,
    });
    const problem = JSON.stringify({ type: `urn:chancery:auth:${reason}`, title, status, code: reason });
    this.#body = facts.isGrpc ? undefined : [`${problem.slice(0, -1)},"requestId":"`, '"}'];
    this.#plain = this.#with(facts.isGrpc ? `${reason}: ${title}`.slice(0, MOST_MESSAGE_BYTES) : problem);
  }

  /** `requestId` as the proxy told it; one that cannot stand in JSON as it is, is left out. */
  bytes(requestId: string): Buffer {
    if (this.#body === undefined || !/^[\w.:/+=@-]{1,128}$/.test(requestId)) return this.#plain;
    return this.#with(`${this.#body[0]}${requestId}${this.#body[1]}`);
  }

  #with(body: string): Buffer {
    return Buffer.concat([this.#head, frame(this.#field, frame(BODY, Buffer.from(body)))]);
  }
}

/** Names of envoy.type.v3.StatusCode. */
const HTTP_STATUS = { 400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 503: 'ServiceUnavailable' } as const;

function headersOf({ settings, refusal, isGrpc, metadataUrl }: DenyFacts): readonly object[] {
  const headers: [string, string][] = isGrpc
    ? []
    : [
        ['content-type', 'application/problem+json'],
        ['cache-control', 'no-store'],
      ];
  if (refusal.value === 'unknown') headers.push(['retry-after', RETRY_AFTER_SECONDS]);
  const challenge = settings === undefined ? undefined : challengeOf(settings, refusal, metadataUrl);
  if (challenge !== undefined) headers.push(['www-authenticate', challenge]);
  return headers.map(([key, value]) => ({ header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }));
}
