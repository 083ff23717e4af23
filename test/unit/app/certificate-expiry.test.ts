import { describe, expect, it } from 'vitest';
import { certificatesOf, certificateWarnings } from '../../../src/build/certificate-expiry.ts';
import { Secret } from '../../../src/lib/secret.ts';
import type { Certificate, Listener, Model } from '../../../src/model/types.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-22T00:00:00Z');

function certificate(name: string, days: number): Certificate {
  return { name, path: ['certificates', name], chain: '', key: new Secret(''), notAfterMs: NOW + days * DAY_MS };
}

function model(certificates: readonly Certificate[], inListener: readonly Certificate[] = []): Model {
  const listener: Listener = {
    name: 'https',
    path: ['listeners', 'https'],
    address: '0.0.0.0',
    port: 443,
    trustedHops: 0,
    paths: { escapedSlashes: 'keep', mergeSlashes: false, parameters: 'allow' },
    tls: { minVersion: '1.2', maxVersion: '1.3', alpn: [], certificates: inListener },
  };
  return { gateway: 'edge', listeners: [listener], services: [], routes: [], certificates };
}

describe('certificates that end soon', () => {
  it.each([
    [13, 'in 13 days'],
    [1.5, 'in 1 day'],
    [0.5, 'within a day'],
  ])('are warned of %s days before', (days, words) => {
    const [warning] = certificateWarnings(model([certificate('shop', days)]), NOW);
    expect(warning).toMatchObject({ code: 'CH3004', severity: 'warning', path: ['certificates', 'shop'] });
    expect(warning?.message).toBe(`certificate "shop" expires ${words}`);
  });

  it('are passed over while there is time, and once they have ended, which is an error of its own', () => {
    expect(certificateWarnings(model([certificate('fresh', 15), certificate('dead', -1)]), NOW)).toEqual([]);
  });

  it('are found in listeners too, each once', () => {
    const shared = certificate('shared', 3);
    const both = model([shared], [shared, certificate('own', 4)]);
    expect([...certificatesOf(both).keys()]).toEqual(['shared', 'own']);
    expect(certificateWarnings(both, NOW)).toHaveLength(2);
  });
});
