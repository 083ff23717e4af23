// A companion inside the process of a control plane: fed by the updates it is handed, whole from the first one on.
import type { Companion, CompanionStatus } from './companion.ts';
import type { ApplyOutcome, PolicyUpdate } from './policy-update.ts';

export interface InProcessCompanion {
  /** Delta; resolves when every worker holds it. Workers that start later get the sum. */
  apply(update: PolicyUpdate): Promise<ApplyOutcome>;
  /** As Envoys reach the workers that live now: `127.0.0.1:18001`, `unix:/…`. */
  endpoints(): readonly string[];
  /** Workers came or went; called at once. */
  onEndpoints(listener: () => void): void;
  status(): CompanionStatus;
  /** Drains for at most 10 s. */
  stop(): Promise<void>;
}

export function inProcess(companion: Companion): InProcessCompanion {
  return {
    apply: async (update) => {
      const outcome = await companion.apply(update);
      companion.complete();
      return outcome;
    },
    endpoints: () => companion.endpoints(),
    onEndpoints: (listener) => companion.onEndpoints(listener),
    status: () => companion.status(),
    stop: () => companion.stop(),
  };
}
