// The way from a limit and the values of a request to the rates that hold for it, step by step, for people (R811): what was tried, what was taken
// and why the rest was not. It asks what decisions ask (R107, R109, R110) and decides nothing. Values of a request are in no step.

import { isFaster, parseRate } from '../../lib/rate-text.ts';
import { starPattern } from '../../lib/star-pattern.ts';
import { limitProblem } from '../algorithms/limit-problem.ts';
import type { LimitOverride, LimitRate, LimitRule } from '../limit-table.ts';
import { overrideChoice } from '../plan/override-choice.ts';
import { rateWords } from '../rate-words.ts';

export interface PathStep {
  readonly about: 'limit' | 'key' | 'override' | 'limitFrom' | 'replaced' | 'mode' | 'rate';
  /** `yes`: it holds for the request; `no`: it does not; `fact`: it says how things are. */
  readonly outcome: 'yes' | 'no' | 'fact';
  readonly text: string;
}

export interface PathRequest {
  readonly rule: LimitRule;
  readonly isLingering: boolean;
  /** By the spelling of the part. */
  readonly values: ReadonlyMap<string, string>;
  /** What the claim says (R205). */
  readonly claim: string | undefined;
  /** Limits that replace this one (R110), and whether they apply to the same values. */
  readonly replacing: readonly { readonly name: string; readonly applies: boolean }[];
}

export interface LimitPath {
  readonly steps: readonly PathStep[];
  /** None: it does not apply, or is unlimited. */
  readonly rates: readonly LimitRate[];
}

export function limitPath(request: PathRequest): LimitPath {
  const { rule, replacing } = request;
  const steps = [limitStep(request), ...keySteps(request), ...replacing.map(replacedStep)];
  const isMissing = rule.parts.some(({ part }) => !request.values.has(part));
  if (isMissing && rule.whenMissing !== 'share') return { steps, rates: [] };
  const chosen = overrideChoice(rule.overrides)(request.values)?.override;
  const claimed = claimStep(request, chosen);
  const rates = chosen?.rates ?? (claimed.rate === undefined ? rule.rates : [claimed.rate]);
  const origin = chosen === undefined ? (claimed.rate === undefined ? 'its own' : "the claim's") : "the override's";
  const told: PathStep = {
    about: 'rate',
    outcome: 'yes',
    text: `${origin} rate holds: ${rates.length === 0 ? 'unlimited' : rates.map(rateWords).join('; ')}`,
  };
  const mode: readonly PathStep[] =
    rule.mode === 'shadow' ? [{ about: 'mode', outcome: 'fact', text: 'mode is shadow: it counts and tells, and denies nothing' }] : [];
  return { steps: [...steps, ...overrideSteps(request, chosen), ...claimed.steps, told, ...mode], rates };
}

/** Why a claim's rate is not taken; undefined where it is. The same questions as when a request is decided. */
function claimProblem(text: string, own: LimitRate, most: LimitRate): string | undefined {
  const claimed = parseRate(text, own);
  if (claimed === undefined) return `it is no rate for ${rateWords(own)}`;
  if (isFaster(claimed, most)) return `it is above the largest one, ${rateWords(most)}`;
  const problem = limitProblem({ ...claimed, id: '', onStoreFailure: 'local' });
  return problem === undefined ? undefined : `no store counts it exactly: ${problem}`;
}

function limitStep({ rule, isLingering }: PathRequest): PathStep {
  const where = rule.source === undefined ? '' : ` of ${rule.source}`;
  const scope = rule.quota === undefined ? 'shared: each request is counted' : 'quota: its rate is divided over proxies';
  const state = isLingering ? 'left the configuration, kept for proxies that name it still' : 'in force';
  return { about: 'limit', outcome: isLingering ? 'fact' : 'yes', text: `limit ${rule.name}${where}, ${state}; scope ${scope}` };
}

const WHEN_MISSING = {
  share: 'such requests share one counter (whenMissing: share)',
  skip: 'the limit does not apply (whenMissing: skip)',
  deny: 'such requests are denied (whenMissing: deny)',
} as const;

function keySteps({ rule, values }: PathRequest): readonly PathStep[] {
  if (rule.parts.length === 0) return [{ about: 'key', outcome: 'yes', text: 'it has no key: one counter for all requests' }];
  return rule.parts.map(
    ({ part }): PathStep =>
      values.has(part)
        ? { about: 'key', outcome: 'yes', text: `${part} is given` }
        : {
            about: 'key',
            outcome: rule.whenMissing === 'share' ? 'fact' : 'no',
            text: `${part} is missing: ${WHEN_MISSING[rule.whenMissing]}`,
          },
  );
}

function replacedStep({ name, applies }: PathRequest['replacing'][number]): PathStep {
  return applies
    ? { about: 'replaced', outcome: 'yes', text: `${name} replaces it on routes that have both: there it is not counted` }
    : { about: 'replaced', outcome: 'no', text: `${name} would replace it, but does not apply to these values` };
}

function overrideSteps({ rule, values }: PathRequest, chosen: LimitOverride | undefined): readonly PathStep[] {
  return rule.overrides.map((override): PathStep => {
    const name = `override ${override.match.map(({ part, value }) => `${part}: ${value}`).join(', ')}`;
    if (override === chosen)
      return { about: 'override', outcome: 'yes', text: `${name} is taken${override.shared ? ': one counter for all that it fits' : ''}` };
    const misfit = override.match.find(({ part, value }) => !fits(values.get(part), value));
    const reason = misfit === undefined ? 'fits, but the one that is taken is more exact' : misfitText(misfit.part, values);
    return { about: 'override', outcome: 'no', text: `${name}: ${reason}` };
  });
}

function fits(value: string | undefined, pattern: string): boolean {
  return value !== undefined && starPattern(pattern).fits(value);
}

function misfitText(part: string, values: PathRequest['values']): string {
  return values.has(part) ? `the value of ${part} is another` : `${part} is missing`;
}

function claimStep(
  { rule, claim }: PathRequest,
  chosen: LimitOverride | undefined,
): { readonly steps: readonly PathStep[]; readonly rate: LimitRate | undefined } {
  const { limitFromMax: most, rates } = rule;
  const [own] = rates;
  const no = (text: string) => ({ steps: [{ about: 'limitFrom', outcome: 'no', text } as const], rate: undefined });
  if (most === undefined || own === undefined) return { steps: [], rate: undefined };
  if (claim === undefined) return no('the claim of limitFrom is not given: say what it holds by limitFrom=RATE');
  if (chosen !== undefined) return no('what the claim says is not looked at: an override wins');
  const problem = claimProblem(claim, own, most);
  if (problem !== undefined) return no(`what the claim says is not taken: ${problem}`);
  return { steps: [{ about: 'limitFrom', outcome: 'yes', text: 'what the claim says is taken' }], rate: parseRate(claim, own) };
}
