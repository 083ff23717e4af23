// The bootstrap of a proxyless gRPC client (G28): where the control plane is and who asks. Plain JSON, not Envoy's: for GRPC_XDS_BOOTSTRAP.
import type { SocketAddress } from './bootstrap.ts';
import type { XdsTls } from './xds-tls.ts';

export interface GrpcBootstrapOptions {
  readonly nodeId: string;
  /** Becomes `node.cluster`. */
  readonly gateway: string;
  readonly xds: SocketAddress;
  /** Default: plain text. Some clients take nothing else. */
  readonly xdsTls?: XdsTls;
  /** Where the client runs; absent: nowhere in particular. */
  readonly locality?: GrpcLocality;
  /** The client follows what only a trusted server may say, such as rewriting the host (A81). */
  readonly isTrusted?: boolean;
}

export interface GrpcLocality {
  readonly region?: string;
  readonly zone?: string;
  readonly subZone?: string;
}

/** An absent resource is an error of the moment, not for ever: we say of each one that there is none (X52). */
const SERVER_FEATURES = ['xds_v3', 'resource_timer_is_transient_error'];

export function compileGrpcBootstrap(options: GrpcBootstrapOptions): object {
  const { nodeId, gateway, xds, xdsTls, locality = {} } = options;
  const { region, zone, subZone } = locality;
  return {
    xds_servers: [
      {
        server_uri: xds.host.includes(':') ? `[${xds.host}]:${xds.port}` : `${xds.host}:${xds.port}`,
        channel_creds: [xdsTls === undefined ? { type: 'insecure' } : channelTls(xdsTls)],
        server_features: [...SERVER_FEATURES, ...(options.isTrusted === true ? ['trusted_xds_server'] : [])],
      },
    ],
    node: {
      id: nodeId,
      cluster: gateway,
      // Some clients insist on a locality, even an empty one.
      locality: {
        ...(region === undefined ? {} : { region }),
        ...(zone === undefined ? {} : { zone }),
        ...(subZone === undefined ? {} : { sub_zone: subZone }),
      },
    },
    ...(xdsTls === undefined ? {} : { certificate_providers: { default: { plugin_name: 'file_watcher', config: files(xdsTls) } } }),
    client_default_listener_resource_name_template: '%s',
    server_listener_resource_name_template: 'grpc/server?address=%s',
  };
}

function channelTls(tls: XdsTls): object {
  return { type: 'tls', config: files(tls) };
}

function files({ ca, client }: XdsTls): object {
  return {
    ca_certificate_file: ca,
    ...(client === undefined ? {} : { certificate_file: client.cert, private_key_file: client.key }),
    refresh_interval: '600s',
  };
}
