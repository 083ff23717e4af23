// Denials in the log, each once: who is refused tries again and again. Decides nothing.

import type { Access, Denial } from '../grpc/access.ts';
import type { Logger } from '../telemetry/logger.ts';

const MAX_REMEMBERED = 1_000;

export function loggedAccess(access: Access, logger: Logger): Access {
  const told = new Set<string>();
  const tell = (denial: Denial | undefined, node: { readonly id?: string; readonly cluster?: string } = {}): Denial | undefined => {
    if (denial === undefined || told.has(denial.details)) return denial;
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.add(denial.details);
    logger.warn(
      { event: 'xds.denied', gateway: node.cluster ?? '', node_id: node.id ?? '', reason: denial.details },
      'a client was refused',
    );
    return denial;
  };
  return { admit: (peer) => tell(access.admit(peer)), permit: (peer, node) => tell(access.permit(peer, node), node) };
}
