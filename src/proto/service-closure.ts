// The part of Envoy's API that services need: they, their messages and all that those refer to. For reflection, where the whole would take
// seconds to prepare.
import { absoluteName, type DescriptorNode, indexNodes } from './descriptors.ts';

/** A tree of the same form with nothing but the services and what they reach. Unknown names are left out. */
export function serviceClosure(root: DescriptorNode, services: readonly string[]): DescriptorNode {
  const nodes = new Map<string, DescriptorNode>();
  indexNodes(root, '', nodes);
  const reached = new Set<string>();
  const waiting = [...services];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = nodes.get(name);
    if (node === undefined || reached.has(name)) continue;
    reached.add(name);
    for (const reference of references(node)) waiting.push(absoluteName(reference, name, nodes));
  }
  return pruned(root, '', reached) ?? {};
}

function references({ fields = {}, methods = {} }: DescriptorNode): readonly string[] {
  return [
    ...Object.values(fields).map(({ type }) => type),
    ...Object.values(methods).flatMap(({ requestType, responseType }) => [requestType, responseType]),
  ];
}

function pruned(node: DescriptorNode, name: string, reached: ReadonlySet<string>): DescriptorNode | undefined {
  const { nested = {}, ...own } = node;
  const kept = Object.entries(nested).flatMap(([part, child]) => {
    const inner = pruned(child, join(name, part), reached);
    return inner === undefined ? [] : [[part, inner] as const];
  });
  const isType = node.fields !== undefined || node.values !== undefined || node.methods !== undefined;
  if (kept.length === 0 && !(isType && reached.has(name))) return undefined;
  return kept.length === 0 ? own : { ...own, nested: Object.fromEntries(kept) };
}

function join(scope: string, part: string): string {
  return scope === '' ? part : `${scope}.${part}`;
}
