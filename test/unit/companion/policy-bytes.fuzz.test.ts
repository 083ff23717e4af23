// Whatever bytes a control plane sends: what is not exactly a policy is refused by its name and changes nothing, never an exception, and never a
// way in (authz D2, D3).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicyTable } from '../../../src/authz/policy/policy-table.ts';
import { readResponse } from '../../../src/companion/policy-subscription.ts';
import { ChanceryError } from '../../../src/lib/errors.ts';
import { API_KEY, apiKeyPolicy } from '../../support/api-key-policy.ts';
import { testApi } from '../../support/snapshots.ts';

const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300), seed: Number(process.env['FUZZ_SEED'] ?? 1) };
const api = testApi();
const edge = apiKeyPolicy(api);
const other = apiKeyPolicy(api, 'edge', { realm: 'other' });

interface Change {
  readonly at: number;
  readonly cut: number;
  readonly put: Uint8Array;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat({ max: 10_000 }),
  cut: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 4 }) }, { weight: 1, arbitrary: fc.nat({ max: 10_000 }) }),
  put: fc.uint8Array({ maxLength: 4 }),
});

/** The bytes with small changes somewhere. */
function changed(bytes: Uint8Array, changes: readonly Change[]): Buffer {
  return changes.reduce((before, { at, cut, put }) => {
    const start = at % (before.length + 1);
    return Buffer.concat([before.subarray(0, start), put, before.subarray(start + cut)]);
  }, Buffer.from(bytes));
}

const changes = fc.array(change, { minLength: 1, maxLength: 3 });

describe('bytes of a control plane', () => {
  it('that are nearly a policy are none: refused by name, and the policies that are here stay as they are (authz D2, D3)', () => {
    const table = createPolicyTable(api);
    table.apply({ policies: [edge.policy], apiKeys: [edge.keys] });
    const before = [...table.current().policies.values()];
    fc.assert(
      fc.property(changes, fc.constantFrom(edge.policy.name, other.policy.name, 'edge/x@1', ''), (list, name) => {
        const bytes = changed(other.policy.bytes, list);
        const { refused } = table.apply({ policies: [{ name, bytes }] });
        if (bytes.equals(Buffer.from(other.policy.bytes)) && name === other.policy.name) table.apply({ removed: [name] });
        else expect(refused.map((each) => each.name)).toEqual([name]);
        expect([...table.current().policies.values()]).toEqual(before);
      }),
      RUNS,
    );
  });

  it('that are nearly a set of keys never open to a key that it does not have, nor throw (authz D3, K5)', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const table = createPolicyTable(api);
        table.apply({ apiKeys: [edge.keys] });
        const before = table.current().apiKeys.get(edge.keys.name);
        const { refused } = table.apply({ apiKeys: [{ name: edge.keys.name, bytes: changed(edge.keys.bytes, list) }] });
        const after = table.current().apiKeys.get(edge.keys.name);
        if (refused.length > 0) expect(after).toBe(before);
        const settings = {
          name: 'partners',
          setName: edge.keys.name,
          from: [],
          consumerHeaders: [],
          keepCredential: false,
          pepperName: undefined,
        };
        expect(after?.find(`${API_KEY}x`, settings, { pepper: undefined, nowMs: 0 })).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('that are nearly a response are read as one, or end the stream with a reason', () => {
    const response = api.encode('envoy.service.discovery.v3.DeltaDiscoveryResponse', {
      type_url: 'type.googleapis.com/chancery.policy.v1.AuthPolicy',
      nonce: 'n',
      removed_resources: ['edge/old@1'],
      resources: [
        {
          name: edge.policy.name,
          version: '1',
          resource: { type_url: 'type.googleapis.com/chancery.policy.v1.AuthPolicy', value: edge.policy.bytes },
        },
      ],
    });
    expect(readResponse(api, response, 'edge')?.update.policies).toHaveLength(1);
    fc.assert(
      fc.property(changes, (list) => {
        try {
          const read = readResponse(api, changed(response, list), 'edge');
          expect(read === undefined || read.update.policies.length + read.unreadable.length >= 0).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ChanceryError);
        }
      }),
      RUNS,
    );
  });
});
