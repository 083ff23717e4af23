// What `validate` prints of who may call, and of the differences between the two forms (authz M12, C9).
import { describe, expect, it } from 'vitest';
import { coverageTable, hasListedDifferences } from '../../../src/cli/coverage-table.ts';
import { runProgram } from '../../../src/cli/program.ts';
import type { PolicyForm } from '../../../src/compiler/auth/form.ts';
import { routeCoverage } from '../../../src/explain/route-coverage.ts';
import type { AuthPolicy, AuthRule } from '../../../src/model/auth/types.ts';
import { createWorkspace } from '../../support/workspace.ts';

const requirements = { scopes: [], anyScope: [], claims: [] };
const jwt: AuthRule = { kind: 'jwt', path: [], providers: ['main'], requirements };
const ips: AuthRule = { kind: 'ips', path: [], lists: ['office'] };

function policy(rule: AuthRule): AuthPolicy {
  return { name: 'p', path: [], rule, enforce: 'auto', mode: 'enforce', onFailure: 'deny', resourceMetadata: false };
}

const by = (form: 'proxy' | 'companion'): PolicyForm => ({ form, obstacles: [], isBroken: false });

describe('hasListedDifferences', () => {
  it('holds for tokens that proxies judge, and for nothing else', () => {
    expect(hasListedDifferences(policy({ kind: 'anyOf', path: [], rules: [ips, jwt] }), by('proxy'))).toBe(true);
    expect(hasListedDifferences(policy(jwt), by('companion'))).toBe(false);
    expect(hasListedDifferences(policy(ips), by('proxy'))).toBe(false);
  });
});

describe('coverageTable', () => {
  it('is empty of remarks for a gateway without policies', () => {
    expect(
      coverageTable(routeCoverage({ gateway: 'edge', listeners: [], services: [], routes: [], certificates: [] }), () => by('proxy')),
    ).not.toContain('docs/');
  });
});

describe('chancery validate', () => {
  it('says which policies have listed differences, and who decides each', async () => {
    const key = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"EdDSA","kid":"a"}]}';
    const workspace = await createWorkspace({
      'edge.yaml': `
version: v1
gateway: edge
listeners: {http: {port: 10000}}
services: {one: {endpoints: ["127.0.0.1:9"]}}
jwt: {main: {issuer: "https://id.example.com/", audiences: [shop], algorithms: [EdDSA], jwks: {inline: '${key}'}}}
routes:
  - {name: private, matches: [{path: {prefix: /private}}], backends: [one], auth: {jwt: main}}
  - {name: shadowed, matches: [{path: {prefix: /new}}], backends: [one], auth: {jwt: main, mode: shadow}}
`,
    });
    const out: string[] = [];
    const terminal = {
      out: (text: string) => void out.push(text),
      err: () => {},
      env: {},
      cwd: workspace.path('.'),
      isTerminal: false,
      color: false,
      colorErr: false,
    } as unknown as Parameters<typeof runProgram>[1];
    expect(await runProgram(['validate', '-c', workspace.path('edge.yaml')], terminal)).toBe(0);
    expect(out.join('')).toContain(
      'by proxy (route/private), a few refusals of tokens name another reason than by companion: docs/auth-parity.md',
    );
    out.length = 0;
    expect(await runProgram(['validate', '-c', workspace.path('edge.yaml'), '-o', 'json'], terminal)).toBe(0);
    const { files } = JSON.parse(out.join('')) as { readonly files: readonly { readonly coverage: readonly object[] }[] };
    expect(files[0]?.coverage).toMatchObject([
      { route: 'private', by: 'proxy', listedDifferences: true },
      { route: 'shadowed', by: 'companion', listedDifferences: false },
    ]);
    await workspace.remove();
  });
});
