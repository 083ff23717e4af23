// Answers from ready parts are the answers that would be made from nothing.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AllowTemplate } from '../../../src/authz/allow-template.ts';
import type { CompiledPolicy } from '../../../src/authz/policy/compiled-policy.ts';
import { allowReply } from '../../../src/authz/reply-allow.ts';
import type { ProtoStruct } from '../../../src/authz/reply-metadata.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';

const api = loadEnvoyApi();
const NAMES = ['x-a', 'x-b', 'x-c', 'x-d'];

const text = (value: string) => ({ string_value: value });

it('what a template adds a caller to says the same as an answer made for that caller alone (authz G2, H6, P18)', () => {
  const facts = fc.record({
    identityHeaders: fc.subarray(NAMES),
    told: fc.subarray(NAMES),
    headersToRemove: fc.subarray(['authorization', 'x-token', 'x-a']),
    values: fc.array(fc.string({ minLength: 1, maxLength: 60 }), { minLength: 4, maxLength: 4 }),
    version: fc.string({ maxLength: 20 }),
    subject: fc.option(fc.string({ minLength: 1, maxLength: 16 })),
  });
  fc.assert(
    fc.property(facts, ({ identityHeaders, told, headersToRemove, values, version, subject }) => {
      const metadata: ProtoStruct = { fields: { policy: text('users'), version: text(version), decision: text('allow') } };
      const own: ProtoStruct = { fields: subject === null ? {} : { subject_hash: text(subject) } };
      const stamps = new Map(told.map((name, index) => [name, values[index] ?? 'x']));
      const template = AllowTemplate.of({
        policy: { settings: { identityHeaders } } as unknown as CompiledPolicy,
        provider: { forwardClaims: told.map((header) => ({ header, claim: ['sub'] })) },
        headersToRemove: new Set(headersToRemove),
        metadata,
      });
      const whole = {
        identityHeaders,
        stamps,
        headersToRemove: new Set(headersToRemove),
        queryParametersToRemove: [],
        metadata: { fields: { ...metadata.fields, ...own.fields } },
      };
      // What may not be answered at all has no template either.
      if (template === undefined) {
        expect(() => allowReply(whole)).toThrow(/identity header/);
        return;
      }
      const decoded = (bytes: Uint8Array | undefined) => {
        const { ok_response: ok, ...rest } = api.decode('envoy.service.auth.v3.CheckResponse', bytes ?? new Uint8Array());
        return {
          ...rest,
          removed: ok?.headers_to_remove,
          headers: ok?.headers?.toSorted((a, b) => ((a.header?.key ?? '') < (b.header?.key ?? '') ? -1 : 1)),
        };
      };
      expect(decoded(template.answer(stamps, own))).toEqual(decoded(allowReply(whole)));
      expect(template.answer(new Map([...stamps, ['x-more', '1']]), own)).toBeUndefined();
    }),
    { numRuns: 500, seed: 20_261_123 },
  );
});
