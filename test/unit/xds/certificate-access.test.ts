import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import type { Peer } from '../../../src/grpc/access.ts';
import { certificateAccess } from '../../../src/xds/certificate-access.ts';

function peer(subjectaltname: string | undefined): Peer {
  return { getAuthContext: () => (subjectaltname === undefined ? {} : { sslPeerCertificate: { subjectaltname } as never }) };
}

const codeFor = (names: string | undefined, cluster: string, templates?: readonly string[]): status | undefined =>
  certificateAccess({ clients: templates }).permit(peer(names), { id: 'n1', cluster })?.code;

describe('access by certificate (O8)', () => {
  test.each([
    ['DNS:edge', 'edge', true],
    ['DNS:EDGE', 'edge', true],
    ['DNS:n1.edge', 'edge', true],
    ['URI:spiffe://example.org/gateway/edge', 'edge', true],
    ['DNS:other, DNS:edge', 'edge', true],
    ['DNS:a.b.edge', 'edge', false],
    ['DNS:xedge', 'edge', false],
    ['DNS:edge.evil', 'edge', false],
    ['DNS:edge, DNS:other', 'third', false],
    ['DNS:*.edge', 'edge', false],
    ['URI:spiffe://example.org/gateway/edge/more', 'edge', false],
    ['URI:spiffe://example.org/gateway/Edge', 'edge', false],
    ['URI:edge', 'edge', false],
    ['DNS:spiffe://x/gateway/edge', 'edge', false],
    ['IP Address:10.0.0.1', '10.0.0.1', false],
    ['email:edge', 'edge', false],
    ['DNS:"x\\", DNS:edge"', 'edge', false],
    ['DNS:"x, DNS:edge"', 'edge', false],
    ['', 'edge', false],
    ['DNS:edge', '', false],
    ['DNS:anything', '.*', false],
    ['DNS:n1.anything', '*', false],
  ])('%s for gateway %s: %s', (names, gateway, isAllowed) => {
    expect(codeFor(names, gateway)).toBe(isAllowed ? undefined : status.PERMISSION_DENIED);
  });

  test('without a trusted certificate nothing is allowed', () => {
    expect(codeFor(undefined, 'edge')).toBe(status.UNAUTHENTICATED);
    expect(certificateAccess().admit(peer(undefined))?.code).toBe(status.UNAUTHENTICATED);
    expect(certificateAccess().admit(peer('DNS:x'))).toBeUndefined();
  });

  test('own templates replace the rule, and may bind the node too', () => {
    const templates = ['{node}.{gateway}.envoy.example.org', 'spiffe://example.org/*/{gateway}'];
    expect(codeFor('DNS:n1.edge.envoy.example.org', 'edge', templates)).toBeUndefined();
    expect(codeFor('DNS:n2.edge.envoy.example.org', 'edge', templates)).toBe(status.PERMISSION_DENIED);
    expect(codeFor('URI:spiffe://example.org/anything/edge', 'edge', templates)).toBeUndefined();
    expect(codeFor('DNS:edge', 'edge', templates)).toBe(status.PERMISSION_DENIED);
  });

  test.each([
    ['DNS:companion.edge', true],
    ['DNS:a1.companion.edge', true],
    ['URI:spiffe://example.org/gateway/edge/companion', true],
    ['DNS:edge', false],
    ['DNS:n1.edge', false],
    ['URI:spiffe://example.org/gateway/edge', false],
    ['DNS:companion.other', false],
  ])('a companion of edge by %s: %s; a proxy that says it is one gets no secrets of policies (authz D4, T18)', (names, isAllowed) => {
    const denial = certificateAccess().permit(peer(names), { id: 'n1', cluster: 'edge', companion: {} });
    expect(denial?.code).toBe(isAllowed ? undefined : status.PERMISSION_DENIED);
  });

  test('own templates for companions', () => {
    const access = certificateAccess({ companions: ['auth.{gateway}.example.org'] });
    const companion = { id: 'n1', cluster: 'edge', companion: {} };
    expect(access.permit(peer('DNS:auth.edge.example.org'), companion)).toBeUndefined();
    expect(access.permit(peer('DNS:companion.edge'), companion)?.code).toBe(status.PERMISSION_DENIED);
  });

  test('the refusal names the certificate and what was claimed', () => {
    expect(certificateAccess().permit(peer('DNS:other'), { id: 'n1', cluster: 'edge' })?.details).toBe(
      `the certificate's names (DNS:other) do not allow node "n1" of gateway "edge"`,
    );
  });
});
