// Which of the resources that a node refused may be to blame, and whether they came with the revision under way. Pure.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { NackRecord, Offer } from './offer.ts';

/** A refusal, with the version of the snapshot that the node was to reach. */
export type Refused = Omit<NackRecord, 'place'> & { readonly targetVersion: string };

export interface Suspects {
  /** Not those that run well elsewhere, nor endpoints that live data gave (D19). */
  readonly resources: Refused['resources'];
  readonly areOfRevision: boolean;
}

export function suspectsOf(
  { typeUrl, resources, targetVersion }: Refused,
  { good, underWay }: { readonly good: Offer | undefined; readonly underWay: Offer | undefined },
): Suspects {
  const holds = (offer: Offer | undefined, { name, version }: Refused['resources'][number]): boolean =>
    offer?.snapshot.views.get(typeUrl)?.resources.get(name)?.version === version;
  const fresh = resources.filter((resource) => !holds(good, resource));
  const ofRevision = fresh.filter((resource) => holds(underWay, resource));
  if (ofRevision.length > 0) return { resources: ofRevision, areOfRevision: true };
  const others = typeUrl === TYPE_URLS.ClusterLoadAssignment ? [] : fresh;
  return { resources: others, areOfRevision: others.length > 0 && underWay?.snapshot.version === targetVersion };
}
