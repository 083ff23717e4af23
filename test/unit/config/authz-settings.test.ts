import { describe, expect, it } from 'vitest';
import { AUTHZ_SETTINGS } from '../../../src/config/authz-setting-table.ts';
import { type AuthzSettings, authzSettings, type RawAuthzSettings } from '../../../src/config/authz-settings.ts';

const parse = (flags: RawAuthzSettings, env: Readonly<Record<string, string>> = {}): AuthzSettings =>
  authzSettings(AUTHZ_SETTINGS, { gateway: 'edge', ...flags }, env);
const MTLS = { tlsCert: 'c.pem', tlsKey: 'k.pem', clientCa: 'ca.pem', clientNames: 'envoy.example.com, spiffe://x/*' };

describe('settings of the authz companion', () => {
  it('takes flags over variables over defaults', () => {
    const settings = parse({ port: '7' }, { CHANCERY_AUTHZ_PORT: '8', CHANCERY_XDS_SERVER: 'cp:1', CHANCERY_WORKERS: '' });
    expect(settings).toMatchObject({ address: { host: '127.0.0.1', port: 7 }, server: 'cp:1', workers: undefined, gateways: ['edge'] });
    expect(parse({ gateway: 'edge,inner, edge' }).gateways).toEqual(['edge', 'inner']);
    expect(parse({ listen: 'unix:/run/x.sock' }).address).toEqual({ path: '/run/x.sock' });
  });

  it('names what is missing or wrong', () => {
    expect(() => authzSettings(AUTHZ_SETTINGS, {}, {})).toThrow('--gateway is needed');
    expect(() => parse({ workers: '0' })).toThrow('--workers is "0": at least 1');
    expect(() => parse({}, { CHANCERY_AUTHZ_PORT: 'x' })).toThrow('CHANCERY_AUTHZ_PORT is "x"');
    expect(() => parse({ listen: 'unix:x' })).toThrow('--listen');
    expect(() => parse({ server: 'cp' })).toThrow('--server');
  });

  it('listens beyond this machine only with mTLS and the names of the proxies (authz G15, T18)', () => {
    expect(() => parse({ host: '10.0.0.7' })).toThrow('refusing');
    for (const name of ['tlsCert', 'tlsKey', 'clientCa', 'clientNames'] as const) {
      const { [name]: _, ...rest } = MTLS;
      expect(() => parse({ host: '10.0.0.7', ...rest }), name).toThrow('together');
    }
    expect(() => parse({ host: '10.0.0.7', ...MTLS, clientNames: '*' })).toThrow('allows everybody');
    expect(parse({ host: '10.0.0.7', ...MTLS }).security?.clientNames).toEqual(['envoy.example.com', 'spiffe://x/*']);
    expect(() => parse({ host: '0.0.0.0', ...MTLS })).toThrow('proxies cannot reach');
    expect(parse({ host: '0.0.0.0', advertise: '10.0.0.7', ...MTLS }).advertise).toBe('10.0.0.7');
  });

  it('TLS to the control plane is whole or not at all', () => {
    expect(() => parse({ xdsCert: 'c.pem' })).toThrow('--xds-ca');
    expect(() => parse({ xdsCa: 'ca.pem', xdsCert: 'c.pem' })).toThrow('belong together');
    expect(parse({ xdsCa: 'ca.pem' }).xdsTls).toEqual({ ca: 'ca.pem', serverName: undefined, client: undefined });
  });
});
