// The two places that make answers, by their bytes.
import { beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../../../src/authz/policy/verdict.ts';
import { AUTH_REASONS, type AuthReason, grpcCallerStatus, reasonFacts } from '../../../src/authz/reason.ts';
import { allowReply } from '../../../src/authz/reply-allow.ts';
import { DenyReply } from '../../../src/authz/reply-deny.ts';
import { type EnvoyApi, loadEnvoyApi } from '../../../src/proto/api.ts';

let api: EnvoyApi;
beforeAll(() => {
  api = loadEnvoyApi();
});

const NOTHING = {
  identityHeaders: ['x-a', 'x-b'],
  stamps: new Map<string, string>(),
  headersToRemove: new Set<string>(),
  queryParametersToRemove: [],
  metadata: { fields: {} },
};
const farOf = (reason: AuthReason) => (reasonFacts(reason).status === 503 ? 'unknown' : 'invalid');

describe('an answer that allows', () => {
  it('has bytes and a status even where it says nothing else (authz G2)', () => {
    const bytes = allowReply({ ...NOTHING, identityHeaders: [] });
    expect(bytes.length).toBeGreaterThan(0);
    expect(api.decode('envoy.service.auth.v3.CheckResponse', bytes)).toMatchObject({ http_response: 'ok_response', status: {} });
  });

  it('cannot be made with a header that is stamped and removed, is no identity header, or is empty (authz H6)', () => {
    const stamps = new Map([['x-a', '1']]);
    expect(() => allowReply({ ...NOTHING, stamps, headersToRemove: new Set(['x-a']) })).toThrow(/removed/);
    expect(() => allowReply({ ...NOTHING, stamps: new Map([['x-c', '1']]) })).toThrow(/no identity header/);
    expect(() => allowReply({ ...NOTHING, stamps: new Map([['x-a', '']]) })).toThrow(/empty/);
  });

  it('tells metadata of every kind as the full decoder reads it (authz G10)', () => {
    const metadata = {
      fields: {
        text: { string_value: 'ä' },
        number: { number_value: 1.5 },
        truth: { bool_value: false },
        list: { list_value: { values: [{ string_value: 'a' }, { number_value: 2 }, { bool_value: true }] } },
        nested: { struct_value: { fields: { empty: { struct_value: { fields: {} } } } } },
      },
    };
    const { dynamic_metadata } = api.decode('envoy.service.auth.v3.CheckResponse', allowReply({ ...NOTHING, metadata }));
    const again = api.encode('google.protobuf.Struct', dynamic_metadata ?? {});
    expect(again).toEqual(api.encode('google.protobuf.Struct', metadata));
  });

  it('does not ask for a new choice of the route (authz H9)', () => {
    const response = api.decode('envoy.service.auth.v3.CheckResponse', allowReply({ ...NOTHING, stamps: new Map([['x-a', '1']]) }));
    expect(response.ok_response).toEqual({
      headers: [{ header: { key: 'x-a', value: '1' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }],
      headers_to_remove: ['x-b'],
    });
  });
});

describe('an answer that stops a request', () => {
  it.each(AUTH_REASONS.flatMap((reason) => [[reason, false] as const, [reason, true] as const]))(
    'for %s (gRPC: %s) never reads as OK, and has the table’s status (authz G2-G7)',
    (reason, isGrpc) => {
      const reply = new DenyReply(api, {
        settings: undefined,
        refusal: refusal(reason, farOf(reason)),
        isGrpc,
        metadataUrl: undefined,
        metadata: { fields: {} },
      });
      const response = api.decode('envoy.service.auth.v3.CheckResponse', reply.bytes('id-1'));
      const { status, title } = reasonFacts(reason);
      expect(response.status?.code).toBe({ 400: 3, 401: 16, 403: 7, 503: 14 }[isGrpc ? grpcCallerStatus(reason) : status]);
      const told = response.denied_response ?? response.error_response;
      expect(response.http_response).toBe(status === 503 ? 'error_response' : 'denied_response');
      const names = { 400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 503: 'ServiceUnavailable' };
      expect(told?.status?.code).toBe(names[isGrpc ? grpcCallerStatus(reason) : status]);
      expect(told?.body?.length).toBeLessThanOrEqual(isGrpc ? 200 : 1024);
      if (isGrpc) expect(told?.body).toBe(`${reason}: ${title}`);
      else
        expect(JSON.parse(told?.body ?? '')).toEqual({
          type: `urn:chancery:auth:${reason}`,
          title,
          status,
          code: reason,
          requestId: 'id-1',
        });
    },
  );

  it('leaves out a request id that could end its place in the body', () => {
    const reply = new DenyReply(api, {
      settings: undefined,
      refusal: refusal('jwt.missing', 'missing'),
      isGrpc: false,
      metadataUrl: undefined,
      metadata: { fields: {} },
    });
    for (const id of ['', '"', 'a"b', '\n', 'ü', 'x'.repeat(129)]) {
      const { denied_response } = api.decode('envoy.service.auth.v3.CheckResponse', reply.bytes(id));
      expect(JSON.parse(denied_response?.body ?? '')).not.toHaveProperty('requestId');
    }
  });
});
