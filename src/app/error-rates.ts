// Load reports → what the rollouts judge a revision by (D14): the answers of the nodes that run it, of the service that fares worst.
import type { ErrorRates } from '../delivery/abort.ts';
import { REQUESTS_TO_JUDGE } from '../delivery/abort.ts';
import type { LoadReports, ServiceLoad } from '../xds/load-reports.ts';

/**
 * Of the services with enough answers the one with the largest share of errors. A service that fails as much for the nodes that do not run
 * the revision is not the revision's fault: it is left out. Undefined while there is nothing to judge by.
 */
export function createErrorRates(reports: Pick<LoadReports, 'since'>): ErrorRates {
  return {
    since: (gateway, { sinceMs, nodes }) => {
      const all = reports.since({ gateway, sinceMs });
      const judged = [...reports.since({ gateway, sinceMs, nodes })].flatMap(([service, load]) => {
        if (load.completed < REQUESTS_TO_JUDGE) return [];
        const others = without(all.get(service) ?? load, load);
        return others.completed >= REQUESTS_TO_JUDGE && share(others) >= share(load) ? [] : [load];
      });
      const [worst] = judged.toSorted((left, right) => share(right) - share(left));
      return worst && { requests: worst.completed, errors: worst.errors };
    },
  };
}

function without(all: ServiceLoad, part: ServiceLoad): ServiceLoad {
  return { completed: all.completed - part.completed, errors: all.errors - part.errors, dropped: all.dropped - part.dropped };
}

function share({ completed, errors }: ServiceLoad): number {
  return errors / completed;
}
