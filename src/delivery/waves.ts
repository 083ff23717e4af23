// Which nodes are asked first: a hash of the node's id and the content, so that replicas agree without talking and every node's turn varies
// (D13). Pure; knows no progress.
import type { RolloutStep } from '../model/delivery-settings.ts';

/** A first node that has not answered for so long is joined by the next (D13). */
export const PATIENCE_MS = 2_000;

export interface WaveNode {
  readonly isCanary: boolean;
  /** It has accepted something since it connected: newcomers first get what is good (D16). */
  readonly isSettled: boolean;
}

/** How many nodes have the revision after this step; shares round up, and where there are nodes at all there is one. */
export function stepSize(step: RolloutStep, nodes: ReadonlyMap<string, WaveNode>): number {
  if (step.kind === 'count') return Math.min(step.nodes, nodes.size);
  if (step.kind === 'share') return Math.ceil((nodes.size * step.percent) / 100);
  const canaries = [...nodes.values()].filter(({ isCanary }) => isCanary).length;
  return Math.min(Math.max(1, canaries), nodes.size);
}

/** The next `count` nodes that were not asked yet: settled ones, then others if they may; at the step `canary` the canaries before all others. */
export function nextNodes(
  nodes: ReadonlyMap<string, WaveNode>,
  wave: { readonly version: string; readonly step: RolloutStep; readonly asked: { has(id: string): boolean }; readonly mayBeNew: boolean },
  count: number,
): readonly string[] {
  const rank = ({ isCanary, isSettled }: WaveNode): number => (isSettled ? 0 : 2) + (wave.step.kind === 'canary' && !isCanary ? 1 : 0);
  const order = [...nodes]
    .filter(([id, { isSettled }]) => (isSettled || wave.mayBeNew) && !wave.asked.has(id))
    .map(([id, node]) => ({ id, rank: rank(node), hash: hashOf(id, wave.version) }));
  if (count === 1) return order.length === 0 ? [] : [order.reduce((first, node) => (before(node, first) < 0 ? node : first)).id];
  return order
    .sort(before)
    .slice(0, count)
    .map(({ id }) => id);
}

interface Place {
  readonly id: string;
  readonly rank: number;
  readonly hash: number;
}

function before(left: Place, right: Place): number {
  return left.rank - right.rank || left.hash - right.hash || (left.id < right.id ? -1 : 1);
}

/** FNV-1a over both texts, then mixed so that ids that differ in their last digit lie far apart. */
export function hashOf(id: string, version: string): number {
  let hash = 0x811c9dc5;
  for (const text of [version, '\0', id]) {
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
