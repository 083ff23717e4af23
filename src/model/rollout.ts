// The rollout of a gateway, defaulted key by key. The last step is always everyone.
import type { RolloutConfig } from '../config/schema/rollout.ts';
import { DEFAULT_ROLLOUT } from './defaults.ts';
import type { RolloutSettings, RolloutStep } from './delivery-settings.ts';

const EVERYONE: RolloutStep = { kind: 'share', percent: 100 };

export function resolveRollout({ steps, soak, abortOn, quorum, timeout }: RolloutConfig): RolloutSettings {
  const error5xx = abortOn?.error5xx;
  return {
    steps: steps === undefined ? DEFAULT_ROLLOUT.steps : endingWithAll(steps),
    soakMs: soak ?? DEFAULT_ROLLOUT.soakMs,
    abortOn: { nacks: abortOn?.nacks ?? DEFAULT_ROLLOUT.abortOn.nacks, ...(error5xx === undefined ? {} : { error5xx }) },
    quorum: quorum ?? DEFAULT_ROLLOUT.quorum,
    timeoutMs: timeout ?? DEFAULT_ROLLOUT.timeoutMs,
  };
}

function endingWithAll(steps: readonly RolloutStep[]): readonly RolloutStep[] {
  const last = steps.at(-1);
  return last?.kind === 'share' && last.percent === 100 ? steps : [...steps, EVERYONE];
}
