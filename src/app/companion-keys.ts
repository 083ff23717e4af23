// What companions are called in the book: those in this process, and nodes.
import type { CompanionKey } from '../delivery/companion-book.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';
import type { ClientNode } from '../xds/node.ts';

/** Those in this process are called so; nodes that call themselves so are others, with other ids in the status. */
export const LOCAL_COMPANION = 'in-process';

export function localKey(gateway: string, role: CompanionRole): CompanionKey {
  return { gateway, role, id: LOCAL_COMPANION };
}

/** Undefined for a proxy. */
export function keyOf({ cluster, id, companion }: ClientNode): CompanionKey | undefined {
  if (companion === undefined) return undefined;
  return { gateway: cluster, role: companion.role, id: id === LOCAL_COMPANION ? `${id} (node)` : id };
}
