import { beforeAll, describe, expect, it } from 'vitest';
import { createPolicyTable } from '../../../../src/authz/policy/policy-table.ts';
import { type EnvoyApi, loadEnvoyApi } from '../../../../src/proto/api.ts';
import type { AuthPolicy } from '../../../../src/proto/generated/chancery/policy/v1/AuthPolicy.ts';
import { jwtProvider, policyResource } from '../../../support/auth-policy.ts';

let api: EnvoyApi;
beforeAll(() => {
  api = loadEnvoyApi();
});

const refusedFor = (changes: AuthPolicy) => createPolicyTable(api).apply({ policies: [policyResource(api, changes)] }).refused[0]?.message;

describe('the table of policies', () => {
  it('holds several versions at once and finds none but the one that is named (authz D6, D7)', () => {
    const table = createPolicyTable(api);
    const [one, two] = [policyResource(api, { realm: 'one' }), policyResource(api, { realm: 'two' })];
    table.apply({ policies: [one, two] });
    const before = table.current();
    expect(before.find('edge/users', one.version)?.settings.realm).toBe('one');
    expect(before.find('edge/users', two.version)?.settings.realm).toBe('two');
    expect(before.find('edge/users', 'other')).toBeUndefined();
    table.apply({ removed: [one.name] });
    expect(table.current().find('edge/users', one.version)).toBeUndefined();
    // Who asked before still sees what was there: tables are swapped whole.
    expect(before.find('edge/users', one.version)).toBeDefined();
  });

  it('keeps a version that comes again as the same object, and what was there when another is refused', () => {
    const table = createPolicyTable(api);
    const policy = policyResource(api, {});
    table.apply({ policies: [policy] });
    const before = table.current().find('edge/users', policy.version);
    const { refused } = table.apply({ policies: [policy, { name: 'edge/users@0', bytes: Buffer.from('ff', 'hex') }] });
    expect(refused).toEqual([{ name: 'edge/users@0', message: 'is no message of its type' }]);
    expect(table.current().find('edge/users', policy.version)).toBe(before);
  });

  it('refuses a name or a version that is not the content’s (authz D2)', () => {
    const table = createPolicyTable(api);
    const { name, bytes, version } = policyResource(api, {});
    const forged = api.encode('chancery.policy.v1.AuthPolicy', { ...api.decode('chancery.policy.v1.AuthPolicy', bytes), realm: 'other' });
    expect(table.apply({ policies: [{ name, bytes: forged }] }).refused[0]?.message).toMatch(/hash/);
    expect(table.apply({ policies: [{ name: `edge/others@${version}`, bytes }] }).refused[0]?.message).toMatch(/name/);
  });

  it('refuses what it does not know rather than read it as nothing (authz D3)', () => {
    const { name, bytes } = policyResource(api, {});
    const table = createPolicyTable(api);
    // Field 99 of the message, and of the rule inside it.
    const longer = Buffer.concat([bytes, Buffer.from([0x9a, 0x06, 0x01, 0x61])]);
    expect(table.apply({ policies: [{ name, bytes: longer }] }).refused[0]?.message).toMatch(/not known/);
    expect(refusedFor({ mode: 'MODE_UNSPECIFIED' })).toMatch(/mode/);
    const at = bytes.lastIndexOf(Buffer.from([0x48, 0x01]));
    const newMode = Buffer.from(bytes);
    newMode[at + 1] = 9;
    expect(table.apply({ policies: [{ name, bytes: newMode }] }).refused).toHaveLength(1);
    expect(refusedFor({ rule: {} })).toMatch(/rule has no arm/);
    expect(refusedFor({ rule: { any_of: { rules: [{}] } } })).toMatch(/rules\[0\] has no arm/);
    expect(refusedFor({ rule: { all_of: {} } })).toMatch(/empty/);
    expect(refusedFor({ rule: { jwt: { providers: [] } } })).toMatch(/empty/);
    expect(refusedFor({ rule: { jwt: { providers: ['main'], requirements: { claims: [{ claim: { steps: ['a'] } }] } } } })).toMatch(
      /claims\[0\] has no arm/,
    );
    expect(refusedFor({ jwt: [jwtProvider({ from: [{}] })] })).toMatch(/from\[0\] has no arm/);
  });

  it('refuses what cannot hold: names that are not defined, `not` around a credential, blocks with host bits (authz M2, M5, M9)', () => {
    expect(refusedFor({ rule: { jwt: { providers: ['other'] } } })).toMatch(/"other"/);
    expect(refusedFor({ rule: { not: { jwt: { providers: ['main'] } } } })).toMatch(/M5/);
    expect(refusedFor({ rule: { ips: { cidrs: ['10.0.0.1/8'] } } })).toMatch(/M9/);
    expect(refusedFor({ rule: { ips: { cidrs: ['10.0.0.0/33'] } } })).toMatch(/no CIDR/);
  });

  it('refuses an identity header that carries credentials or that the gateway does not remove (authz H6)', () => {
    expect(refusedFor({ identity_headers: ['authorization', 'x-user-id'] })).toMatch(/H6/);
    expect(refusedFor({ identity_headers: [] })).toMatch(/H6/);
  });

  it('takes key sets whose digests are well formed and have one owner each (authz K5, D3)', () => {
    const table = createPolicyTable(api);
    const keySet = (consumers: object[]) => ({
      name: 'edge/partners',
      bytes: api.encode('chancery.policy.v1.ApiKeySet', { name: 'edge/partners', consumers }),
    });
    const digest = `sha256:${'ab'.repeat(32)}`;
    expect(table.apply({ apiKeys: [keySet([{ name: 'a', digests: [digest], metadata: { b: '1', a: '2' } }])] }).refused).toEqual([]);
    const twice = [
      { name: 'a', digests: [digest] },
      { name: 'b', digests: [digest] },
    ];
    for (const consumers of [twice, [{ name: 'a', digests: ['md5:00'] }], [{ digests: [digest] }]]) {
      expect(table.apply({ apiKeys: [keySet(consumers)] }).refused).toHaveLength(1);
    }
    expect(table.current().apiKeys.has('edge/partners')).toBe(true);
    table.apply({ removed: ['edge/partners'] });
    expect(table.current().apiKeys.has('edge/partners')).toBe(false);
  });

  it('makes equal providers of several policies one object with one id, and different ones others', () => {
    const table = createPolicyTable(api);
    const policies = [
      policyResource(api, { policy: 'a' }),
      policyResource(api, { policy: 'b' }),
      policyResource(api, { policy: 'c', jwt: [jwtProvider({ audiences: ['x'] })] }),
    ];
    table.apply({ policies });
    const providers = [...table.current().policies.values()].map(({ jwt }) => jwt[0]);
    expect(providers[0]).toBe(providers[1]);
    const [a, b, c] = providers.map((provider) => provider?.id);
    expect(a).toMatch(/^edge\/main#[0-9a-f]{16}$/);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });
});
