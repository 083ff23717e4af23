// Settings of the process about revisions: how many are remembered, and what may be offered in spite of the guards.
import { z } from 'zod';

export interface RolloutProcessSettings {
  /** Revisions that are remembered of each gateway. */
  readonly historyLimit: number;
  /** Edits may remove much without saying so (D18). */
  readonly allowLargeRemoval: boolean;
  /** What Envoys refused in an earlier run may be offered again (D15). */
  readonly force: boolean;
}

const yesOrNo = z.enum(['true', 'false', '1', '0'], 'use true or false').transform((text) => text === 'true' || text === '1');

/** By the names of `ROLLOUT_SETTINGS`. */
export const rolloutSettingsSchema = {
  history: z
    .string()
    .regex(/^\d{1,5}$/, 'write a whole number, at least 2')
    .transform(Number)
    .pipe(z.number().min(2, 'at least 2: the newest revision and the last good one')),
  allowLargeRemoval: yesOrNo,
  force: yesOrNo,
};

export const ROLLOUT_SETTINGS = [
  {
    name: 'history',
    flag: '--history',
    variable: 'CHANCERY_HISTORY',
    fallback: '50',
    help: 'revisions that are remembered of each gateway',
  },
  {
    name: 'allowLargeRemoval',
    flag: '--allow-large-removal',
    variable: 'CHANCERY_ALLOW_LARGE_REMOVAL',
    fallback: 'false',
    help: 'let edits remove all listeners, all routes of a host or more than half of the services',
  },
  {
    name: 'force',
    flag: '--force',
    variable: 'CHANCERY_FORCE',
    fallback: 'false',
    help: 'offer again what Envoys refused before this start',
  },
] as const;
