import { describe, expect, it } from 'vitest';
import { parseSettings, SETTINGS } from '../../../src/config/settings.ts';
import { ChanceryError } from '../../../src/lib/errors.ts';

function refusal(flags: Parameters<typeof parseSettings>[0], env: Parameters<typeof parseSettings>[1] = {}): ChanceryError {
  try {
    parseSettings(flags, env);
  } catch (error) {
    if (error instanceof ChanceryError) return error;
  }
  throw new Error('the settings were accepted');
}

describe('process settings', () => {
  it('listen on loopback with the documented ports unless told otherwise (O7, O8)', () => {
    expect(parseSettings({}, {})).toEqual({
      host: '127.0.0.1',
      adminHost: '127.0.0.1',
      xdsPort: 18_000,
      adminPort: 18_080,
      authzPort: 18_001,
      companions: 'auto',
      ratelimitPort: 18_002,
      xdsStreams: { stopWithinMs: 10_000, streamsPerSecond: 1_000, firstPushes: 32 },
      logLevel: 'info',
      historyLimit: 50,
      allowLargeRemoval: false,
      force: false,
      logFormat: 'auto',
    });
  });

  it('come from the environment, and a flag wins over it', () => {
    const env = { CHANCERY_XDS_PORT: '1', CHANCERY_ADMIN_PORT: '2', CHANCERY_STATE: '/var/lib/chancery' };
    expect(parseSettings({ xdsPort: '3' }, env)).toMatchObject({ xdsPort: 3, adminPort: 2, state: '/var/lib/chancery' });
  });

  it('say how streams come in, grow old and end (T7, T8, T9)', () => {
    const flags = { xdsMaxConnectionAge: '10h', xdsStopWithin: '1500ms', xdsNewStreams: '50', xdsFirstPushes: '4' };
    expect(parseSettings(flags, {}).xdsStreams).toEqual({
      maxConnectionAgeMs: 36_000_000,
      stopWithinMs: 1_500,
      streamsPerSecond: 50,
      firstPushes: 4,
    });
    const wrong = refusal({ xdsMaxConnectionAge: '10', xdsFirstPushes: '0' });
    expect(wrong.message).toContain('--xds-max-connection-age is "10": write a whole number and ms, s, m or h, such as 10h');
    expect(wrong.message).toContain('--xds-first-pushes is "0"');
  });

  it('take an empty variable as absent', () => {
    expect(parseSettings({}, { CHANCERY_XDS_PORT: '' })).toMatchObject({ xdsPort: 18_000 });
  });

  it('name every wrong flag and variable at once, and are a usage error', () => {
    const error = refusal({ xdsPort: 'abc', logLevel: 'loud' }, { CHANCERY_ADMIN_PORT: '70000' });
    expect(error.code).toBe('ERR_USAGE');
    expect(error.message).toContain('--xds-port is "abc"');
    expect(error.message).toContain('CHANCERY_ADMIN_PORT is "70000"');
    expect(error.message).toContain('--log-level is "loud"');
  });

  it('refuse plain text beyond loopback unless it is asked for (O7, O8)', () => {
    expect(refusal({ host: '0.0.0.0' }).remedy).toContain('--insecure-plaintext');
    expect(parseSettings({ host: '0.0.0.0', insecurePlaintext: 'true' }, {})).toMatchObject({ host: '0.0.0.0' });
    expect(parseSettings({}, { CHANCERY_HOST: '::', CHANCERY_INSECURE_PLAINTEXT: '1' })).toMatchObject({ host: '::' });
  });

  it('serve beyond loopback with client certificates, and the admin port stays on loopback (O8)', () => {
    const tls = { xdsTlsCert: '/s.pem', xdsTlsKey: '/s.key' };
    expect(parseSettings({ host: '0.0.0.0', ...tls, xdsClientCa: '/ca.pem' }, {})).toMatchObject({
      host: '0.0.0.0',
      adminHost: '127.0.0.1',
      xdsSecurity: { cert: '/s.pem', key: '/s.key', clientCa: '/ca.pem' },
    });
    expect(parseSettings({ ...tls }, {}).xdsSecurity).toEqual({ cert: '/s.pem', key: '/s.key' });
    expect(refusal({ host: '0.0.0.0', ...tls }).message).toContain('anybody');
  });

  it('take the parts of TLS together or not at all, and names that tell gateways apart (O8)', () => {
    expect(refusal({ xdsTlsCert: '/s.pem' }).message).toContain('--xds-tls-key');
    expect(refusal({ xdsClientCa: '/ca.pem' }).message).toContain('--xds-tls-cert');
    expect(refusal({ xdsClientNames: '{gateway}' }).message).toContain('--xds-client-ca');
    const tls = { xdsTlsCert: '/s.pem', xdsTlsKey: '/s.key', xdsClientCa: '/ca.pem' };
    expect(refusal({ ...tls, xdsClientNames: '{gateway},*.example.org' }).message).toContain('"*.example.org" allows every gateway');
    expect(parseSettings({ ...tls, xdsClientNames: '{node}.{gateway}, x.{gateway}' }, {}).xdsSecurity?.clientNames).toEqual([
      '{node}.{gateway}',
      'x.{gateway}',
    ]);
  });

  it('offer REST polling only where a port is given (R40)', () => {
    expect(parseSettings({}, { CHANCERY_XDS_REST_PORT: '18003' })).toMatchObject({ xdsRestPort: 18_003 });
    expect(refusal({ xdsRestPort: 'x' }).message).toContain('--xds-rest-port is "x"');
  });

  it('never print the Redis URL, which may carry a password (C7)', () => {
    expect(JSON.stringify(parseSettings({ redis: 'redis://:planted@redis:6379' }, {}))).not.toContain('planted');
    expect(refusal({ redis: 'planted' }).message).not.toContain('planted');
  });

  it('name each flag after its variable', () => {
    for (const { flag, variable } of SETTINGS) {
      expect(variable).toBe(`CHANCERY_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`);
    }
  });
});
