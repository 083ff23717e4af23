// The third form of the parity table (authz C8): the real handler and verifier without Envoy and without gRPC, by a clock that the test holds. What
// a proxy does before it asks stands here in the few lines that the table needs: lower case, the client's address, removed headers.
import { createCheckHandler } from '../../src/authz/handler.ts';
import { createJwtVerifier } from '../../src/authz/identity/jwt-verifier.ts';
import { createInlineKeys } from '../../src/authz/jwks/inline-keys.ts';
import type { KeySource } from '../../src/authz/jwks/key-source.ts';
import { createPolicyTable } from '../../src/authz/policy/policy-table.ts';
import { createPipeline } from '../../src/build/pipeline.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { EnvoyApi } from '../../src/proto/api.ts';
import type { CheckResponseOutput } from '../../src/proto/generated/envoy/service/auth/v3/CheckResponse.ts';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { HeaderLine } from '../../src/prover/credential.ts';
import { gatewayText, PARITY_GATEWAY, routePath } from '../../src/prover/gateway-text.ts';
import type { Mint } from '../../src/prover/mint.ts';
import { type Outcome, reasonIn } from '../../src/prover/outcome.ts';
import type { ParityRow } from '../../src/prover/parity-row.ts';
import { createWorkspace } from '../support/workspace.ts';

export interface Evaluator {
  /** `nowMs`: when the check comes. */
  evaluate(row: Pick<ParityRow, 'policy' | 'request' | 'credential'>, nowMs: number): Promise<Outcome>;
  /** What went wrong inside, which must be nothing. */
  readonly faults: readonly unknown[];
}

/** Gone before anybody is asked (H1). */
const REMOVED =
  /^x-(?:user-id|tenant|level|chancery-.*|http-method|http-method-override|method-override|original-url|rewrite-url|forwarded-uri)$/;
const GRPC_STATUS: Readonly<Record<number, number>> = { 400: 13, 401: 16, 403: 7, 503: 14 };

/** The policies of the table's own gateway, compiled from its YAML as for a companion. */
export async function createEvaluator(api: EnvoyApi, mint: Mint): Promise<Evaluator> {
  const policies = await compiledPolicies(api, mint);
  const table = createPolicyTable(api);
  const { refused } = table.apply({ policies });
  if (refused.length > 0) throw new Error(`refused: ${refused.map(({ name, message }) => `${name}: ${message}`).join('; ')}`);
  const versions = new Map(policies.map(({ name }) => [name.slice(0, name.indexOf('@')), name.slice(name.indexOf('@') + 1)]));
  const clock = { nowMs: 0 };
  const faults: unknown[] = [];
  const { handle } = createCheckHandler({
    api,
    table,
    ports: {
      jwt: createJwtVerifier({ keys: inlineKeys(), secrets: () => undefined }),
      introspection: { introspect: async () => ({ kind: 'inactive' }), checkClaims: () => undefined },
      clock: { nowMs: () => clock.nowMs, monotonicMs: () => clock.nowMs },
      metrics: { decided: () => undefined, cache: () => undefined },
      log: { denied: () => undefined, failed: (fault) => faults.push(fault.cause) },
      newErrorId: () => 'error-1',
      subjectKey: new Secret('key of subjects'),
    },
  });
  return {
    faults,
    evaluate: async (row, nowMs) => {
      const asked = askedOf(row, mint);
      const policy = `${PARITY_GATEWAY}/${row.policy}-companion`;
      clock.nowMs = nowMs;
      const request = checkBytes(api, asked, { policy, version: versions.get(policy) ?? '' });
      const bytes = await new Promise<Uint8Array>((resolve) => {
        handle(request, { deadlineMs: nowMs + 1_000, signal: new AbortController().signal }, resolve);
      });
      return outcomeOf(api.decode('envoy.service.auth.v3.CheckResponse', bytes), asked);
    },
  };
}

async function compiledPolicies(api: EnvoyApi, mint: Mint): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]> {
  const workspace = await createWorkspace({ 'gateway.yaml': gatewayText({ port: 10_000, upstreamPort: 10_001 }, mint) });
  try {
    const { good, issues } = await createPipeline({ file: workspace.path('gateway.yaml'), env: {}, api, nowMs: Date.now }).build();
    if (good === undefined) throw new Error(issues.map(({ message }) => message).join('; '));
    const resources = good.snapshot.views.get(TYPE_URLS.AuthPolicy)?.resources;
    return [...(resources?.values() ?? [])].map(({ name, any }) => {
      const { value } = api.decode('google.protobuf.Any', any) as { readonly value?: Uint8Array };
      return { name, bytes: value ?? new Uint8Array() };
    });
  } finally {
    await workspace.remove();
  }
}

function inlineKeys(): KeySource {
  const keysIn = createInlineKeys();
  const keysOf: KeySource['keysOf'] = (owner) => (owner.keys.kind === 'inline' ? keysIn(owner, owner.keys.jwks) : { kind: 'unavailable' });
  return { keysOf, wanted: keysOf };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly HeaderLine[];
  readonly clientIp: string;
  readonly isGrpc: boolean;
}

/** The request as a proxy has it when it asks: hygiene done, empty lines gone, the client's address found (one trusted hop). */
function askedOf({ request = {}, credential, policy }: Pick<ParityRow, 'policy' | 'request' | 'credential'>, mint: Mint): Asked {
  const { headers = [], query } = credential?.(mint) ?? {};
  const lines = [...(request.headers ?? []), ...headers].map(([name, value]): HeaderLine => [name.toLowerCase(), value.trim()]);
  const forwarded = lines.flatMap(([name, value]) => (name === 'x-forwarded-for' ? [value] : [])).join(',');
  const isGrpc = request.isGrpc === true;
  const path = `${routePath('companion', policy)}${request.suffix ?? ''}${query === undefined ? '' : `?${query}`}`;
  return {
    method: isGrpc ? 'POST' : (request.method ?? 'GET'),
    path: `${path}${isGrpc ? '/chancery.parity.v1.Echo/Ask' : ''}`.replaceAll('\\', '/'),
    // Of lines of one name Envoy drops those that say nothing.
    headers: lines.filter(
      ([name, value], index) => !REMOVED.test(name) && (value !== '' || !lines.some(([other], at) => at !== index && other === name)),
    ),
    clientIp: forwarded === '' ? '127.0.0.1' : (forwarded.split(',').at(-1) ?? '').trim(),
    isGrpc,
  };
}

function checkBytes(api: EnvoyApi, asked: Asked, { policy, version }: { readonly policy: string; readonly version: string }): Buffer {
  const headers: readonly HeaderLine[] = [
    ['x-request-id', '0b1f3c5e-1111-4222-8333-444455556666'],
    ['x-chancery-client-ip', asked.clientIp],
    ...(asked.isGrpc ? [['content-type', 'application/grpc'] as const] : []),
    ...asked.headers,
  ];
  return api.encode('envoy.service.auth.v3.CheckRequest', {
    attributes: {
      request: {
        http: {
          method: asked.method,
          path: asked.path,
          host: '127.0.0.1',
          header_map: { headers: headers.map(([key, value]) => ({ key, raw_value: Buffer.from(value, 'latin1') })) },
        },
      },
      context_extensions: { 'chancery.policy': policy, 'chancery.version': version, 'chancery.route': 'row' },
    },
  });
}

/** As a caller of the proxy sees the answer. */
function outcomeOf({ ok_response: ok, denied_response: denied, error_response: failed }: CheckResponseOutput, asked: Asked): Outcome {
  const stopped = denied ?? failed;
  if (stopped !== undefined && stopped !== null) {
    const status = statusNumber(stopped.status?.code);
    const reason = reasonIn(stopped.body ?? '');
    const challenge = stopped.headers?.find(({ header }) => header?.key?.toLowerCase() === 'www-authenticate')?.header;
    return {
      status: asked.isGrpc ? 200 : status,
      ...(asked.isGrpc ? { grpcStatus: GRPC_STATUS[status] ?? -1 } : {}),
      ...(reason === undefined ? {} : { reason }),
      ...(challenge === undefined || challenge === null ? {} : { challenge: textOf(challenge) }),
    };
  }
  const upstream = new Map<string, string>();
  for (const [name, value] of asked.headers) upstream.set(name, upstream.has(name) ? `${upstream.get(name)}, ${value}` : value);
  for (const name of ok?.headers_to_remove ?? []) upstream.delete(name);
  for (const { header } of ok?.headers ?? []) upstream.set(header?.key ?? '', textOf(header ?? {}));
  return { status: 200, ...(asked.isGrpc ? { grpcStatus: 0 } : {}), upstream: Object.fromEntries(upstream) };
}

function textOf({ value, raw_value: raw }: { readonly value?: string; readonly raw_value?: Uint8Array }): string {
  return value !== undefined && value !== '' ? value : Buffer.from(raw ?? []).toString('latin1');
}

function statusNumber(code: unknown): number {
  const names: Readonly<Record<string, number>> = { BadRequest: 400, Unauthorized: 401, Forbidden: 403, ServiceUnavailable: 503 };
  return typeof code === 'number' ? code : (names[String(code)] ?? 0);
}
