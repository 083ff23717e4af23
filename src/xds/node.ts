// Who is at the other end of a stream: what a node says of itself, and what follows from it.
import type { NodeOutput } from '../proto/generated/envoy/config/core/v3/Node.ts';
import type { StructOutput } from '../proto/generated/google/protobuf/Struct.ts';
import type { ValueOutput } from '../proto/generated/google/protobuf/Value.ts';
import { type CompanionClaim, companionClaim } from './companion-claim.ts';
import type { PlanLimits } from './subscription.ts';

/** Frozen at the first message of a stream (X3). */
export interface ClientNode {
  readonly id: string;
  readonly cluster: string;
  readonly userAgent: string | undefined;
  readonly version: string | undefined;
  /** A proxyless gRPC client, not an Envoy. */
  readonly isGrpc: boolean;
  /** Its metadata says `canary: true`: it may be asked before others (D13). Default false. */
  readonly isCanary?: boolean;
  /** Its bootstrap has the cluster of all proxies by which limits are divided (ratelimit R213). */
  readonly knowsFleet?: true;
  /** It is no proxy: it gets policies and is no part of the fleet (authz D1). */
  readonly companion?: CompanionClaim;
  /** As the node said it; absent where it said none. */
  readonly metadata?: StructOutput;
  readonly limits: PlanLimits;
}

const MIB = 1024 * 1024;
/** gRPC clients receive 4 MiB at most by default. */
const MAX_GRPC_BYTES = 3 * MIB;
const MAX_ENVOY_BYTES = 16 * MIB;

/** Both names of the second one are in use (X88). */
const TTL_FEATURE = 'xds.config.supports-resource-ttl';
const WRAPPING_FEATURES = ['xds.config.resource-in-sotw', 'xds.config.supports-resource-in-sotw'];

/** One object for all clients that are alike. */
const known = new Map<string, PlanLimits>();

function limitsOf(isGrpc: boolean, features: readonly string[]): PlanLimits {
  const limits = {
    maxResponseBytes: isGrpc ? MAX_GRPC_BYTES : MAX_ENVOY_BYTES,
    takesErrorsAlone: isGrpc,
    takesTtl: features.includes(TTL_FEATURE),
    takesWrapped: WRAPPING_FEATURES.some((feature) => features.includes(feature)),
  };
  const key = JSON.stringify(limits);
  const shared = known.get(key) ?? Object.freeze(limits);
  known.set(key, shared);
  return shared;
}

export function clientNode(node: NodeOutput): ClientNode {
  const isGrpc = node.user_agent_name?.startsWith('gRPC') ?? false;
  const companion = companionClaim(node.metadata);
  return {
    id: node.id ?? '',
    cluster: node.cluster ?? '',
    userAgent: node.user_agent_name || undefined,
    version: versionOf(node),
    isGrpc,
    isCanary: isTrue(node.metadata?.fields?.['canary']),
    limits: limitsOf(isGrpc, node.client_features ?? []),
    ...(isTrue(node.metadata?.fields?.['chancery']?.struct_value?.fields?.['fleet']) ? { knowsFleet: true } : {}),
    ...(companion === undefined ? {} : { companion }),
    ...(node.metadata?.fields === undefined ? {} : { metadata: node.metadata }),
  };
}

/** Bootstraps written by hand say it as text too. */
function isTrue(value: ValueOutput | undefined): boolean {
  return value?.bool_value === true || value?.string_value === 'true';
}

/** The gateway whose snapshot the node gets. */
export function gatewayOf(node: ClientNode): string {
  return node.cluster;
}

/**
 * Names what nodes of the kind get: the gateway, for companions one name beside it. What targets of proxies dropped, their private keys
 * among it, is nothing for companions.
 */
export function audienceOf({ cluster, companion }: ClientNode): string {
  return companion === undefined ? cluster : audienceOfCompanions(cluster, companion.role);
}

/** No name of a gateway has a slash. */
export function audienceOfCompanions(gateway: string, role: CompanionClaim['role']): string {
  return `${gateway}/${role}`;
}

function versionOf(node: NodeOutput): string | undefined {
  const build = node.user_agent_build_version?.version;
  if (build !== undefined) return `${build.major_number ?? 0}.${build.minor_number ?? 0}.${build.patch ?? 0}`;
  return node.user_agent_version || undefined;
}
