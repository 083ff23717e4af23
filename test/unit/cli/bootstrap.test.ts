import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runProgram } from '../../../src/cli/program.ts';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

let workspace: Workspace;

beforeEach(async () => {
  workspace = await createWorkspace({
    'gateway.yaml': readFileSync(path.join(REPOSITORY, 'test/golden/minimal/gateway.yaml'), 'utf8'),
  });
});

afterEach(() => workspace.remove());

async function bootstrap(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const output = { out: '', err: '' };
  const code = await runProgram(
    ['bootstrap', '-c', workspace.path('gateway.yaml'), '--node', 'n1', '--xds-host', 'control.internal', ...args],
    {
      out: (text) => void (output.out += text),
      err: (text) => void (output.err += text),
      env: {},
      cwd: path.dirname(workspace.path('gateway.yaml')),
      colorOut: false,
      colorErr: false,
      isTerminal: false,
    },
  );
  return { code, ...output };
}

describe('chancery bootstrap', () => {
  test('O8: with an authority the Envoy speaks TLS, with the host as the name that it expects', async () => {
    const { code, out, err } = await bootstrap('--xds-ca', '/ca.pem', '--xds-client-cert', '/own.pem', '--xds-client-key', '/own.key');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [cluster] = parse(out).static_resources.clusters;
    expect(cluster.transport_socket.typed_config).toMatchObject({
      sni: 'control.internal',
      common_tls_context: {
        tls_certificates: [{ certificate_chain: { filename: '/own.pem' }, private_key: { filename: '/own.key' } }],
        validation_context: { trusted_ca: { filename: '/ca.pem' } },
      },
    });
  });

  test.each([
    [['--xds-client-cert', '/own.pem'], /--xds-ca/],
    [['--xds-ca', '/ca.pem', '--xds-client-cert', '/own.pem'], /belong together/],
  ])('half of the TLS flags is a usage error: %s', async (args, message) => {
    const { code, err } = await bootstrap(...args);
    expect(err).toMatch(message);
    expect(code).toBe(64);
  });

  test('G28: for a gRPC client it is JSON with server, features, and a node that has a locality', async () => {
    const { code, out, err } = await bootstrap('--grpc', '--locality', 'eu/a', '--trusted');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      xds_servers: [
        {
          server_uri: 'control.internal:18000',
          channel_creds: [{ type: 'insecure' }],
          server_features: ['xds_v3', 'resource_timer_is_transient_error', 'trusted_xds_server'],
        },
      ],
      node: { id: 'n1', cluster: 'edge', locality: { region: 'eu', zone: 'a' } },
      client_default_listener_resource_name_template: '%s',
      server_listener_resource_name_template: 'grpc/server?address=%s',
    });
  });

  test('G28: TLS of a gRPC client names its files, and warns of clients that cannot', async () => {
    const { code, out, err } = await bootstrap(
      '--grpc',
      '--xds-ca',
      '/ca.pem',
      '--xds-client-cert',
      '/own.pem',
      '--xds-client-key',
      '/own.key',
    );
    expect(code).toBe(0);
    expect(err).toMatch(/JavaScript/);
    const config = { ca_certificate_file: '/ca.pem', certificate_file: '/own.pem', private_key_file: '/own.key', refresh_interval: '600s' };
    expect(JSON.parse(out)).toMatchObject({
      xds_servers: [{ channel_creds: [{ type: 'tls', config }] }],
      certificate_providers: { default: { plugin_name: 'file_watcher', config } },
    });
  });
});
