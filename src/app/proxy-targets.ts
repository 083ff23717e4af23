// What a revision gives to proxies and what to companions: each gets its own part of it and never the other's (authz D1).
import { isForCompanions } from '../delivery/policy-book.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot } from '../snapshot/types.ts';
import { withoutResources, withoutView, withView } from '../snapshot/view.ts';
import type { ClientNode } from '../xds/node.ts';
import type { TargetSource } from '../xds/targets.ts';

const proxyParts = new WeakMap<Snapshot, Snapshot>();

/** The snapshot without what is for companions; itself where there is nothing of it. The same object for the same snapshot. */
export function proxyPart(snapshot: Snapshot): Snapshot {
  const known = proxyParts.get(snapshot);
  if (known !== undefined) return known;
  const secrets = snapshot.views.get(TYPE_URLS.Secret);
  const names = [...(secrets?.resources.values() ?? [])].filter(isForCompanions).map(({ name }) => name);
  const withoutSecrets = secrets === undefined || names.length === 0 ? snapshot : withView(snapshot, withoutResources(secrets, names));
  const part = withoutView(withoutView(withoutSecrets, TYPE_URLS.AuthPolicy), TYPE_URLS.ApiKeySet);
  proxyParts.set(snapshot, part);
  return part;
}

/** `companions` says what a companion is to reach; undefined: nothing yet (X85). */
export function withProxyParts(targets: TargetSource, companions: (node: ClientNode) => Snapshot | undefined): TargetSource {
  return {
    ...targets,
    targetFor: (node) => {
      if (node.companion !== undefined) return companions(node);
      const base = targets.targetFor(node);
      return base && proxyPart(base);
    },
  };
}
