// docker-compose.yml against the Compose schema and against the repository: no engine is needed to keep it true.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../../src/config/settings.ts';
import { runChancery } from '../../support/chancery-process.ts';
import { REPOSITORY } from '../../support/envoy-binary.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, object>>;
}

const text = (file: string) => readFileSync(path.join(REPOSITORY, file), 'utf8');
const compose = parse(text('docker-compose.yml'), { merge: true }) as ComposeFile;
const gateway = text('envoy/quickstart/gateway.yaml');
const dockerfile = text('Dockerfile');
const services = Object.entries(compose.services);
const envoys = services.filter(([, service]) => service.image?.startsWith('envoyproxy/'));

describe('docker-compose.yml', () => {
  it('is a Compose file by the Compose schema', () => {
    const require = createRequire(import.meta.url);
    const schemaFile = path.join(path.dirname(require.resolve('dclint/package.json')), 'schemas/compose.schema.json');
    const { $schema: _draft, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8')) as Record<string, unknown>;
    const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
    // The schema does refuse something.
    expect(validate({ services: { one: { image: 'x', prots: ['80:80'] } } })).toBe(false);
  });

  it('starts the control plane, Redis, two Envoys and sample backends', () => {
    expect(services.map(([name]) => name).sort()).toEqual(['backends', 'chancery', 'envoy-1', 'envoy-2', 'redis']);
    expect(envoys).toHaveLength(2);
  });

  it('uses the Envoy version that set-up installs, and the official image', () => {
    const { version } = JSON.parse(text('envoy/envoy.pin.json')) as { readonly version: string };
    expect(new Set(envoys.map(([, service]) => service.image))).toEqual(new Set([`envoyproxy/envoy:v${version}`]));
  });

  it('names every image by an exact tag', () => {
    const images = [
      ...services.map(([, service]) => service.image ?? ''),
      ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? ''),
    ];
    expect(images.filter((image) => !/:(v?\d+\.\d+\.\d+|local)/.test(image))).toEqual([]);
  });

  it('mounts only folders of the repository and declared volumes', () => {
    const sources = services.flatMap(([, service]) => service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    const unknown = sources.filter((source) =>
      source.startsWith('./') ? !existsSync(path.join(REPOSITORY, source)) : !(source in compose.volumes),
    );
    expect(unknown).toEqual([]);
  });

  it('names files in commands that the mounts really bring', () => {
    const missing = services.flatMap(([name, { command = [], volumes = [] }]) =>
      command
        .filter((word) => word.startsWith('/etc/'))
        .filter((word) => !existsSync(hostPathOf(word, volumes)))
        .map((word) => `${name}: ${word}`),
    );
    expect(missing).toEqual([]);
    expect(services.flatMap(([, { command = [] }]) => command).filter((word) => word.startsWith('/etc/'))).toHaveLength(3);
  });

  it.each(['envoy-1', 'envoy-2'])('gives %s the bootstrap that `chancery bootstrap` prints', async (node) => {
    const port = /CHANCERY_XDS_PORT=(\d+)/.exec(dockerfile)?.[1] ?? '';
    const args = ['bootstrap', '-c', 'envoy/quickstart/gateway.yaml', '--node', node, '--xds-host', 'chancery', '--xds-port', port];
    const { code, stdout, stderr } = await runChancery(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const text = `# Made by: chancery ${args.join(' ')}\n${stdout}`;
    await expect(text).toMatchFileSnapshot(path.join(REPOSITORY, `envoy/compose/${node}.yaml`));
  });

  it('serves a gateway that is valid', async () => {
    const { code, stdout, stderr } = await runChancery(
      ['validate', '-c', 'envoy/quickstart/gateway.yaml'],
      compose.services.chancery?.environment,
    );
    expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
  });

  it('runs commands that the program has', async () => {
    const { stdout } = await runChancery(['--help']);
    const commands = ['chancery', 'backends'].map((name) => compose.services[name]?.command?.[0] ?? '');
    expect(commands).toEqual(['serve', 'demo']);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
  });

  it('uses declared networks only, and depends on services that exist and tell their health', () => {
    expect(services.flatMap(([, service]) => service.networks ?? []).filter((network) => !(network in compose.networks))).toEqual([]);
    for (const [, service] of services) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(condition).toBe('service_healthy');
        const dependency = compose.services[other];
        expect(dependency?.healthcheck !== undefined || (dependency?.build !== undefined && dockerfile.includes('HEALTHCHECK'))).toBe(true);
      }
    }
  });

  it('publishes ports on loopback only, and those that the programs listen on', () => {
    const published = services.flatMap(([name, service]) => (service.ports ?? []).map((port) => [name, ...port.split(':')]));
    expect(published.every(([, host]) => host === '127.0.0.1')).toBe(true);
    const listenerPort = /CHANCERY_QUICKSTART_PORT:-(\d+)/.exec(gateway)?.[1];
    expect(published.map(([name, , , container]) => [name, container])).toEqual([
      ['chancery', /CHANCERY_ADMIN_PORT=(\d+)/.exec(dockerfile)?.[1]],
      ['envoy-1', listenerPort],
      ['envoy-2', listenerPort],
    ]);
    expect(new Set(published.map(([, , hostPort]) => hostPort)).size).toBe(published.length);
  });

  it('keeps plain-text xDS on a network without a way out, shared with the Envoys alone (O8)', () => {
    expect(compose.services.chancery?.environment?.CHANCERY_INSECURE_PLAINTEXT).toBe('true');
    expect(compose.networks.control?.internal).toBe(true);
    const onControl = services.filter(([, service]) => service.networks?.includes('control')).map(([name]) => name);
    expect(onControl.sort()).toEqual(['chancery', 'envoy-1', 'envoy-2', 'redis']);
    const shared = compose.services.chancery?.networks?.filter((network) => network !== 'control') ?? [];
    expect(
      services.filter(([name, service]) => name !== 'chancery' && service.networks?.some((network) => shared.includes(network))),
    ).toEqual([]);
  });

  it('tells the gateway where the backends are, on a network of each Envoy', () => {
    const { CHANCERY_DEMO_HOST: host = '', CHANCERY_QUICKSTART_ADDRESS: address } = compose.services.chancery?.environment ?? {};
    expect(address).toBe('0.0.0.0');
    const networks = compose.services[host]?.networks ?? [];
    expect(networks.length).toBeGreaterThan(0);
    for (const [, envoy] of envoys) expect(envoy.networks?.some((network) => networks.includes(network))).toBe(true);
  });

  it('leaves the names of the backends to the Envoys where it has no network with them (D20)', () => {
    const { CHANCERY_DEMO_HOST: host = '' } = compose.services.chancery?.environment ?? {};
    const own = compose.services.chancery?.networks ?? [];
    const isReached = compose.services[host]?.networks?.some((network) => own.includes(network)) === true;
    const { services: known } = parse(gateway) as { services: Record<string, { resolve?: string; like?: string }> };
    const resolves = Object.values(known).map(({ resolve, like }) => resolve ?? known[like ?? '']?.resolve);
    expect(isReached || resolves.every((resolve) => resolve === 'proxy')).toBe(true);
  });

  it('sets only variables that the program or the gateway reads', () => {
    const known = [
      ...SETTINGS.map(({ variable }) => variable),
      ...[...gateway.matchAll(/\$\{env:(\w+)/g)].map(([, name]) => name),
      'NODE_OPTIONS',
    ];
    const set = services.flatMap(([, { environment = {} }]) => Object.keys(environment));
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
  });
});

/** The file of the repository behind a path in the container. */
function hostPathOf(inside: string, volumes: readonly string[]): string {
  for (const volume of volumes) {
    const [host = '', target = ''] = volume.split(':');
    if (inside.startsWith(`${target}/`)) return path.join(REPOSITORY, host, inside.slice(target.length));
  }
  return '/nowhere';
}
