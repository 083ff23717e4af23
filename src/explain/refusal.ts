// The reason that a caller is told where a policy does not let it pass, and the status that goes with it (authz G9). Pure.

/** How far a caller came: from what is simply no branch for it to what it lacks. */
export const FAR = { excluded: 0, missing: 1, invalid: 2, insufficient: 3 } as const;

export interface RefusalView {
  /** Such as `jwt.missing`: stable, see docs/configuration.md. */
  readonly reason: string;
  readonly far: keyof typeof FAR;
  /** It is about how the credential is written. */
  readonly isForm?: true;
}

/** Who has shown nothing, or nothing good, is to show something; what somebody known lacks he cannot mend. */
export function statusOf({ reason, far }: RefusalView): 400 | 401 | 403 {
  if (reason === 'auth.multiple') return 400;
  return far === 'missing' || far === 'invalid' ? 401 : 403;
}

/** Of all the denials of `allOf` the one that came least far is told, of `anyOf` the one that came furthest; of equals the first. */
export function toldRefusal(kind: 'allOf' | 'anyOf', refusals: readonly RefusalView[]): RefusalView | undefined {
  return refusals.reduce<RefusalView | undefined>((told, each) => {
    if (told === undefined) return each;
    const isTold = kind === 'allOf' ? FAR[each.far] < FAR[told.far] : FAR[each.far] > FAR[told.far];
    return isTold ? each : told;
  }, undefined);
}
