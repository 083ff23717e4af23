// Who is at the other end of a stream: what a node says of itself, and what follows from it.
import type { NodeOutput } from '../proto/generated/envoy/config/core/v3/Node.ts';
import type { PlanLimits } from './plan.ts';

/** Frozen at the first message of a stream (X3). */
export interface ClientNode {
  readonly id: string;
  readonly cluster: string;
  readonly userAgent: string | undefined;
  readonly version: string | undefined;
  /** A proxyless gRPC client, not an Envoy. */
  readonly isGrpc: boolean;
  readonly limits: PlanLimits;
}

const MIB = 1024 * 1024;
/** gRPC clients receive 4 MiB at most by default. */
const GRPC_LIMITS: PlanLimits = { maxResponseBytes: 3 * MIB };
const ENVOY_LIMITS: PlanLimits = { maxResponseBytes: 16 * MIB };

export function clientNode(node: NodeOutput): ClientNode {
  const isGrpc = node.user_agent_name?.startsWith('gRPC') ?? false;
  return {
    id: node.id ?? '',
    cluster: node.cluster ?? '',
    userAgent: node.user_agent_name || undefined,
    version: versionOf(node),
    isGrpc,
    limits: isGrpc ? GRPC_LIMITS : ENVOY_LIMITS,
  };
}

/** The gateway whose snapshot the node gets. */
export function gatewayOf(node: ClientNode): string {
  return node.cluster;
}

function versionOf(node: NodeOutput): string | undefined {
  const build = node.user_agent_build_version?.version;
  if (build !== undefined) return `${build.major_number ?? 0}.${build.minor_number ?? 0}.${build.patch ?? 0}`;
  return node.user_agent_version || undefined;
}
