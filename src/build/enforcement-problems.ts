// Policies that ask for the proxy and cannot have it (authz C2): told with every reason before anything is compiled.
import { policyForm } from '../compiler/auth/form.ts';
import type { Issue } from '../lib/issue.ts';
import { errorAt } from '../model/issue.ts';
import type { Model } from '../model/types.ts';

export function enforcementProblems({ auth }: Model): readonly Issue[] {
  if (auth === undefined) return [];
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
