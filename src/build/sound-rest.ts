// More mistakes in a configuration that has broken entries: the user learns all of them at once, not stage after stage (C3).
import type { SoundConfig } from '../config/merge.ts';
import type { Issue } from '../lib/issue.ts';
import { createResolver } from '../model/resolve.ts';
import type { ResolveContext } from '../model/resolve-context.ts';

/** Errors in what is sound; none that only follow from what is broken. Warnings wait until the rest is complete. */
export function mistakesInSoundRest(sound: SoundConfig | undefined, context: ResolveContext): readonly Issue[] {
  if (sound === undefined) return [];
  // A resolver of its own: the memos of the other belong to good builds.
  const { issues } = createResolver().resolve(sound.config, { ...context, broken: sound.broken });
  return issues.filter(({ severity }) => severity === 'error');
}
