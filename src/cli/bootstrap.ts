// `chancery bootstrap`: prints the bootstrap with which an Envoy takes its configuration from a control plane.
import type { Command } from 'commander';
import type { GrpcLocality } from '../compiler/grpc-bootstrap.ts';
import { ChanceryError } from '../lib/errors.ts';
import { type TlsFlags, xdsTls } from './bootstrap-tls.ts';
import type { CommandContext } from './command-context.ts';
import { addConfigOption } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { gatewayFiles } from './gateway-files.ts';
import { formatData } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface BootstrapFlags extends TlsFlags {
  readonly config?: readonly string[];
  readonly node: string;
  readonly xdsPort: string;
  readonly adminPort?: string;
  readonly sotw?: true;
  readonly grpc?: true;
  readonly locality?: string;
  readonly trusted?: true;
  readonly output: string;
}

export function addBootstrapCommand(program: Command, { terminal, finish }: CommandContext): void {
  addConfigOption(program.command('bootstrap'))
    .description("print an Envoy bootstrap: `envoy -c` on it makes that Envoy one of the gateway's nodes")
    .requiredOption('--node <id>', 'node id of this Envoy, unique in the fleet')
    .option('--xds-host <host>', 'where the control plane is', '127.0.0.1')
    .option('--xds-port <port>', 'port of its xDS server (CHANCERY_XDS_PORT)', terminal.env.CHANCERY_XDS_PORT || '18000')
    .option('--xds-ca <file>', "authorities of the control plane's certificate: TLS instead of plain text")
    .option('--xds-server-name <name>', "the name that the control plane's certificate must have; default: --xds-host")
    .option('--xds-client-cert <file>', "the Envoy's own certificate, whose names allow it its gateway")
    .option('--xds-client-key <file>', 'the key of that certificate')
    .option('--admin-port <port>', "port of Envoy's own admin interface, on loopback; without it there is none")
    .option('--sotw', 'state of the world instead of delta xDS')
    .option('--grpc', 'for a proxyless gRPC client: JSON for GRPC_XDS_BOOTSTRAP')
    .option('--locality <region/zone/subzone>', 'where the gRPC client runs; parts from the right may be left out')
    .option('--trusted', 'the gRPC client follows what only a trusted server may say, such as rewriting the host')
    .option('-o, --output <format>', 'yaml or json', 'yaml')
    .action(async (flags: BootstrapFlags) => finish(await bootstrap(flags, terminal)));
}

async function bootstrap(flags: BootstrapFlags, terminal: Terminal): Promise<number> {
  const xdsPort = portNumber(flags.xdsPort, { flag: '--xds-port', lowest: 1 });
  const adminPort = flags.adminPort === undefined ? undefined : portNumber(flags.adminPort, { flag: '--admin-port', lowest: 0 });
  const tls = xdsTls(flags);
  const gateway = await gatewayName(flags.config, terminal);
  if (gateway === undefined) return EXIT.invalid;
  const common = {
    nodeId: flags.node,
    gateway,
    xds: { host: flags.xdsHost, port: xdsPort },
    ...(tls === undefined ? {} : { xdsTls: tls }),
  };
  if (flags.grpc === true) {
    const { compileGrpcBootstrap } = await import('../compiler/grpc-bootstrap.ts');
    if (tls !== undefined)
      terminal.err('warning: clients in JavaScript take only plain text to the control plane: they refuse channel_creds "tls"\n');
    const locality = localityOf(flags.locality);
    const json = compileGrpcBootstrap({ ...common, locality, isTrusted: flags.trusted === true });
    terminal.out(await formatData(json, 'json'));
    return EXIT.ok;
  }
  const [{ loadEnvoyApi }, { bootstrapJson }] = await Promise.all([import('../proto/api.ts'), import('./bootstrap-json.ts')]);
  const json = bootstrapJson(loadEnvoyApi(), {
    ...common,
    ...(adminPort === undefined ? {} : { admin: { host: '127.0.0.1', port: adminPort } }),
    variant: flags.sotw === true ? 'sotw' : 'delta',
  });
  terminal.out(await formatData(json, flags.output));
  return EXIT.ok;
}

function localityOf(text = ''): GrpcLocality {
  const [region, zone, subZone] = text.split('/');
  return { ...(region ? { region } : {}), ...(zone ? { zone } : {}), ...(subZone ? { subZone } : {}) };
}

/** Undefined, with the errors printed, where the configuration is not good. */
async function gatewayName(config: readonly string[] | undefined, terminal: Terminal): Promise<string | undefined> {
  const [file, ...others] = gatewayFiles(config, terminal);
  if (file === undefined || others.length > 0) {
    throw new ChanceryError('ERR_USAGE', 'a bootstrap is for one gateway, and several files were named', {
      remedy: 'name one root file with -c',
    });
  }
  const [{ createConfigLoader }, { formatIssues }] = await Promise.all([import('../config/load.ts'), import('../config/diagnostics.ts')]);
  const { config: loaded, issues, positions } = await createConfigLoader({ file, env: terminal.env }).load();
  if (issues.length > 0) terminal.err(formatIssues(issues, positions, { color: terminal.colorErr, cwd: terminal.cwd }));
  return loaded?.gateway;
}

function portNumber(text: string, { flag, lowest }: { readonly flag: string; readonly lowest: number }): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= lowest && port <= 65_535) return port;
  throw new ChanceryError('ERR_USAGE', `${flag} is "${text}"`, { remedy: `a port is a number from ${lowest} to 65535` });
}
