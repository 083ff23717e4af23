// `ca:` of listeners and services → what Envoy shall trust. A bundle is parsed once per entry; expired authorities are dropped (B4).
import type { ConfigPath } from '../lib/issue.ts';
import type { Report } from './issue.ts';
import { type CaBundle, parseCaBundle, validAuthorities } from './trusted-ca.ts';
import type { TrustedCa } from './types.ts';

export const SYSTEM_CA: TrustedCa = { kind: 'system' };

export interface TrustResolver {
  /** `text` is the word system or PEM. Equal text at equal validity gives the same object. Undefined when nothing can be trusted. */
  resolve(text: string, place: { readonly path: ConfigPath; readonly nowMs: number }, report: Report): TrustedCa | undefined;
}

/** Bundles that nothing asked for in this many resolves of other bundles are forgotten. */
const MAX_KEPT_BUNDLES = 256;

interface KeptBundle {
  readonly bundle: CaBundle;
  readonly trusted?: { readonly kind: 'pem'; readonly pem: string };
}

/** Remembers by text: many services name the same file, and reading 140 authorities takes 20 ms. */
export function createTrustResolver(): TrustResolver {
  const kept = new Map<string, KeptBundle>();
  return {
    resolve(text, { path, nowMs }, report) {
      if (text === 'system') {
        return SYSTEM_CA;
      }
      const known = kept.get(text);
      const bundle = known?.bundle ?? parseCaBundle(text);
      const { pem, problems } = validAuthorities(bundle, nowMs);
      for (const problem of [...bundle.problems, ...problems]) {
        report({ ...problem, path });
      }
      const trusted = known?.trusted?.pem === pem ? known.trusted : ({ kind: 'pem', pem } as const);
      kept.delete(text);
      kept.set(text, { bundle, trusted });
      forgetOldest(kept);
      return pem === '' ? undefined : trusted;
    },
  };
}

function forgetOldest(kept: Map<string, KeptBundle>): void {
  for (const text of kept.keys()) {
    if (kept.size <= MAX_KEPT_BUNDLES) {
      return;
    }
    kept.delete(text);
  }
}
