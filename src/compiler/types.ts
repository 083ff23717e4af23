// What the compiler gives: resources as messages (wire names, snake_case), each with the place in the configuration it comes from.
import type { ConfigPath } from '../lib/issue.ts';
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { ApiKeySet } from '../proto/generated/chancery/policy/v1/ApiKeySet.ts';
import type { AuthPolicy } from '../proto/generated/chancery/policy/v1/AuthPolicy.ts';
import type { RateLimitTable } from '../proto/generated/chancery/policy/v1/RateLimitTable.ts';
import type { Cluster } from '../proto/generated/envoy/config/cluster/v3/Cluster.ts';
import type { TypedExtensionConfig } from '../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { ClusterLoadAssignment } from '../proto/generated/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import type { Listener } from '../proto/generated/envoy/config/listener/v3/Listener.ts';
import type { RouteConfiguration } from '../proto/generated/envoy/config/route/v3/RouteConfiguration.ts';
import type { VirtualHost } from '../proto/generated/envoy/config/route/v3/VirtualHost.ts';
import type { Secret } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/Secret.ts';
import type { Runtime } from '../proto/generated/envoy/service/runtime/v3/Runtime.ts';

import type { JwtTemplate } from './filters/jwt-keys.ts';

export type CompiledResource =
  | { readonly kind: 'Listener'; readonly name: string; readonly message: Listener; readonly path: ConfigPath }
  | { readonly kind: 'RouteConfiguration'; readonly name: string; readonly message: RouteConfiguration; readonly path: ConfigPath }
  | { readonly kind: 'Cluster'; readonly name: string; readonly message: Cluster; readonly path: ConfigPath }
  | { readonly kind: 'ClusterLoadAssignment'; readonly name: string; readonly message: ClusterLoadAssignment; readonly path: ConfigPath }
  | { readonly kind: 'Runtime'; readonly name: string; readonly message: Runtime; readonly path: ConfigPath }
  | { readonly kind: 'TypedExtensionConfig'; readonly name: string; readonly message: TypedExtensionConfig; readonly path: ConfigPath }
  | { readonly kind: 'VirtualHost'; readonly name: string; readonly message: VirtualHost; readonly path: ConfigPath }
  | { readonly kind: 'AuthPolicy'; readonly name: string; readonly message: AuthPolicy; readonly path: ConfigPath }
  | { readonly kind: 'ApiKeySet'; readonly name: string; readonly message: ApiKeySet; readonly path: ConfigPath }
  | { readonly kind: 'RateLimitTable'; readonly name: string; readonly message: RateLimitTable; readonly path: ConfigPath }
  | { readonly kind: 'Secret'; readonly name: string; readonly message: Secret; readonly path: ConfigPath };

export type ResourceKind = CompiledResource['kind'];

export interface Compilation {
  readonly gateway: string;
  /** Sorted by kind, then name; same model, same messages (C15). Unchanged parts of the model give the same message objects again. */
  readonly resources: readonly CompiledResource[];
  /** Services whose endpoints are found while the gateway runs (D19), in the order of the model; files are named as they were written. */
  readonly discovery: readonly DiscoveredService[];
  /** The jwt_authn filter before its keys are known; absent where no policy is compiled to it. */
  readonly jwt?: JwtTemplate;
  /** Finer places inside resources: where one route, virtual host or filter chain of a resource was written. */
  readonly sourceMap: SourceMap;
}

/** Resource kind + name + path inside the message (`virtual_hosts[0].routes[3]`) → configuration path; the longest known prefix answers. */
export interface SourceMap {
  find(kind: ResourceKind, name: string, messagePath?: MessagePath): ConfigPath | undefined;
}

/** Field names and indexes of lists. */
export type MessagePath = readonly (string | number)[];

/** Where in the configuration a part of one resource comes from; undefined: from where the resource does. */
export type Locate = (messagePath: MessagePath) => ConfigPath | undefined;
