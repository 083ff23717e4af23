// What a policy or a limit asks of the proxy and cannot have (authz C2, H12): told with every reason before anything is compiled.
import { policyForm } from '../compiler/auth/form.ts';
import { leavesOf } from '../compiler/auth/policy-parts.ts';
import type { Issue } from '../lib/issue.ts';
import type { AuthModel } from '../model/auth/types.ts';
import { errorAt } from '../model/issue.ts';
import type { Model } from '../model/types.ts';

export function enforcementProblems(model: Model): readonly Issue[] {
  const { auth } = model;
  return auth === undefined ? [] : [...policyProblems(auth), ...consumerProblems(model, auth)];
}

function policyProblems(auth: AuthModel): readonly Issue[] {
  return auth.policies.flatMap((policy) => {
    const { isBroken, obstacles } = policyForm(policy, auth);
    if (!isBroken) return [];
    return [
      errorAt([...policy.path, 'enforce'], 'CH2818', {
        message: `the proxy cannot enforce this policy: ${obstacles.join('; ')}`,
        help: 'write enforce: auto, or change what stands against it',
      }),
    ];
  });
}

/** Envoy's own check of API keys tells their owner by a header alone. */
function consumerProblems({ routes, limits }: Model, auth: AuthModel): readonly Issue[] {
  const counting = new Set(limits?.limits.filter(({ parts }) => parts.some(({ kind }) => kind === 'apiKey')).map(({ name }) => name));
  if (counting.size === 0) return [];
  return routes.flatMap(({ path, auth: own, limits: names = [] }) => {
    const index = names.findIndex((name) => counting.has(name));
    const policy = own?.kind === 'policy' ? auth.policies.find(({ name }) => name === own.policy) : undefined;
    if (index === -1 || policy === undefined || policyForm(policy, auth).form !== 'proxy') return [];
    const sources = new Set(leavesOf(policy.rule).flatMap((leaf) => (leaf.kind === 'apiKeys' ? [leaf.source] : [])));
    const silent = auth.apiKeys.find(({ name, consumerHeaders }) => sources.has(name) && consumerHeaders.length === 0);
    if (silent === undefined) return [];
    return [
      errorAt([...path, 'rateLimits', index], 'CH2920', {
        message: `the proxy does not tell whose key of "${silent.name}" it was`,
        help: 'write forward: {x-client-id: consumer} there, or enforce: companion',
        related: [{ message: `"${silent.name}" is here`, path: silent.path, at: 'key' }],
      }),
    ];
  });
}
