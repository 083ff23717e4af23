// An explanation for programs: the same as its text, each decision with its source. Never a credential.
import type { ConfigPath } from '../lib/issue.ts';
import type { Explanation } from './explain.ts';
import type { Frame } from './explanation-text.ts';
import { ratesText, shownValue, spared } from './limit-text.ts';
import type { LimitView } from './limit-view.ts';
import { stepOf } from './limits-view.ts';
import { pathText } from './match-misses.ts';
import type { RuleView } from './rule-view.ts';

type SourceOf = (path: ConfigPath) => string | null;

export function explanationJson(explanation: Explanation, frame: Frame): object {
  const { listener, path, found, nearMisses, auth, limits, answer } = explanation;
  const source: SourceOf = (of) => frame.placeOf(of) ?? null;
  return {
    gateway: frame.gateway,
    listener: listener === undefined ? null : { name: listener.name, port: listener.port, source: source(listener.path) },
    path: path ?? null,
    route:
      found === undefined
        ? null
        : { name: found.route.name, hostname: found.hostname, path: pathText(found.match.pathMatch), source: source(found.match.path) },
    auth:
      auth === undefined
        ? null
        : {
            policy: auth.policy.name,
            inherited: auth.isInherited,
            mode: auth.policy.mode,
            form: auth.form.form,
            obstacles: auth.form.obstacles,
            source: source(auth.policy.path),
            rule: ruleJson(auth.rule, source),
          },
    limits: limits.map((view) => limitJson(view, explanation, frame)),
    answer,
    nearMisses: nearMisses.map(({ route, match, why }) => ({ route: route.name, why, source: source(match.path) })),
  };
}

/** `filter`: limits with the same one are asked together, in the order of the list. */
function limitJson(view: LimitView, explanation: Explanation, frame: Frame): object {
  const { limit, path, key, outcome, rates, source: from, overrides, claim } = view;
  const source: SourceOf = (of) => frame.placeOf(of) ?? null;
  const before = spared(view, explanation);
  const { name, phase, scope, mode, whenMissing, replaces, onFailure, onStoreFailure } = limit;
  return {
    name,
    source: source(limit.path),
    namedAt: source(path),
    filter: stepOf(limit),
    scope,
    ...(limit.per === undefined ? {} : { per: limit.per }),
    phase,
    mode,
    outcome,
    ...(before === undefined ? {} : { takesNothing: before }),
    whenMissing,
    key: key.map((each) => ({
      part: each.part.part,
      ...(each.value.kind === 'known' ? { value: shownValue(each, frame) } : { [each.value.kind]: each.value.why }),
    })),
    rate: rates === undefined ? null : ratesText(rates),
    rateFrom: from,
    overrides: overrides.map(({ override, index, standing, why }) => ({
      match: Object.fromEntries(override.match.map(({ part, value }) => [part, value])),
      rate: ratesText(override.rates),
      shared: override.shared,
      standing,
      ...(why === undefined ? {} : { why }),
      source: source([...limit.path, 'overrides', index]),
    })),
    ...(claim === undefined ? {} : { limitFrom: claim }),
    cost: limit.cost,
    replaces,
    ...(scope === 'local' ? {} : { onFailure }),
    ...(scope === 'shared' ? { onStoreFailure } : {}),
  };
}

function ruleJson({ text, path, standing, why, refusal, rules }: RuleView, source: SourceOf): object {
  return {
    text,
    standing,
    ...(why === undefined ? {} : { why }),
    ...(standing === 'fails' && refusal !== undefined ? { reason: refusal.reason } : {}),
    source: source(path),
    ...(rules.length === 0 ? {} : { rules: rules.map((rule) => ruleJson(rule, source)) }),
  };
}
