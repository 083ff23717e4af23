// An explanation as text for people; each decision with its place in the files. Never a credential.
import type { ConfigPath } from '../lib/issue.ts';
import type { Answer } from './answer.ts';
import type { Explanation } from './explain.ts';
import { failureText, keyText, matchText, outcomeText, placeText, ratesText, spared, type ValueWords } from './limit-text.ts';
import type { LimitView } from './limit-view.ts';
import { pathText } from './match-misses.ts';
import type { RuleView } from './rule-view.ts';
import type { AuthView } from './walk.ts';

/** What explanations do not say themselves. */
export interface Frame extends ValueWords {
  readonly gateway: string;
  /** `file:line` of what stands there; undefined where nobody wrote it. */
  readonly placeOf: (path: ConfigPath) => string | undefined;
  readonly service?: Parameters<typeof failureText>[1];
}

const INDENT = '          ';

export function explanationText(explanation: Explanation, frame: Frame): string {
  const { listener, path, found, nearMisses, answer } = explanation;
  const at = placed(frame);
  const lines = [`gateway   ${frame.gateway}`];
  if (listener === undefined) return `${lines[0]}\nlistener  none speaks this scheme: the client cannot connect\n`;
  lines.push(`listener  ${listener.name}, port ${listener.port}${at(listener.path)}`);
  if (path?.kind === 'routed') lines.push(`path      ${path.path}`);
  if (path?.kind === 'routed' && found === undefined) lines.push('route     none');
  if (found !== undefined) {
    const { route, match, hostname } = found;
    lines.push(`host      ${hostname}`, `route     ${route.name}, by ${pathText(match.pathMatch)}${at(match.path)}`);
    lines.push(...filterLines(explanation, frame));
  }
  lines.push(`answer    ${answerText(answer, explanation)}${at(answerPath(explanation))}`);
  const misses = nearMisses.map(({ route, match, why }) => `near miss ${route.name}: ${why}${at(match.path)}`);
  return `${[...lines, ...misses].join('\n')}\n`;
}

/** As Envoy passes them: limits before auth, auth, limits after it. */
function filterLines(explanation: Explanation, frame: Frame): readonly string[] {
  const isEarly = ({ limit }: LimitView): boolean => limit.scope === 'shared' && limit.phase === 'early';
  const lines = (views: readonly LimitView[]): readonly string[] => views.flatMap((view) => limitLines(view, explanation, frame));
  const { limits, auth } = explanation;
  return [...lines(limits.filter(isEarly)), ...authLines(auth, frame), ...lines(limits.filter((view) => !isEarly(view)))];
}

function answerText(answer: Answer, { path, listener }: Explanation): string {
  switch (answer.kind) {
    case 'refused': {
      const by = answer.limit === undefined ? '' : ` by limit ${answer.limit}`;
      return `${answer.status}${answer.reason === undefined ? '' : ` ${answer.reason}`}${by}${path?.kind === 'refused' ? `: ${path.why}` : ''}`;
    }
    case 'redirected':
      return `${answer.status}: a redirect${path?.kind === 'redirected' ? ` to ${path.path}` : listener?.redirect === undefined ? '' : ` to ${listener.redirect.scheme}`}`;
    case 'answered':
      return `${answer.status}, by Envoy itself`;
    case 'forwarded': {
      const unless = answer.unless.length === 0 ? '' : `, unless refused by ${answer.unless.join(', ')}`;
      return `that of ${answer.services.join(' or ')}${unless}`;
    }
    case 'unreachable':
      return 'none';
    default:
      return answer satisfies never;
  }
}

function answerPath({ listener, path, found }: Explanation): ConfigPath {
  if (found !== undefined) return found.route.path;
  if (listener?.redirect !== undefined) return [...listener.path, 'redirect'];
  return listener === undefined || path?.kind === 'routed' ? [] : [...listener.path, 'paths'];
}

/** Of limits that take nothing only why. */
function limitLines(view: LimitView, explanation: Explanation, frame: Frame): readonly string[] {
  const { limit, rates, source, outcome } = view;
  const before = spared(view, explanation);
  const what = before === undefined || outcome.kind === 'denied' ? outcomeText(view) : `takes nothing, ${before}`;
  const first = `limit     ${limit.name}, ${placeText(view)}: ${what}${placed(frame)(limit.path)}`;
  if (before !== undefined || outcome.kind === 'replaced') return [first];
  const failure = frame.service === undefined || outcome.kind === 'skipped' ? undefined : failureText(view, frame.service);
  return [
    first,
    `${INDENT}by ${keyText(view.key, frame)}`,
    ...(rates === undefined || outcome.kind === 'skipped' ? [] : [`${INDENT}${ratesText(rates)}${SOURCES[source]}${costText(view)}`]),
    ...(outcome.kind === 'skipped' ? [] : rateLines(view, frame)),
    ...(failure === undefined ? [] : [`${INDENT}${failure}`]),
  ];
}

/** Which override was taken and why not the others; what the claim comes to. */
function rateLines({ limit, overrides, claim }: LimitView, frame: Frame): readonly string[] {
  const at = placed(frame);
  const lines = overrides.map(({ override, index, standing, why }) => {
    const counter = standing === 'holds' && override.shared ? ', on one counter for all that fit' : '';
    const place = at([...limit.path, 'overrides', index]);
    return `${INDENT}${MARKS[standing]} override ${matchText(override)}: ${why ?? ratesText(override.rates)}${counter}${place}`;
  });
  return claim === undefined
    ? lines
    : [...lines, `${INDENT}${MARKS[claim.standing]} limitFrom: ${claim.why}${at([...limit.path, 'limitFrom'])}`];
}

const SOURCES = { limit: '', override: ', by an override', claim: ', by the claim of limitFrom' } as const;

function costText({ limit: { cost } }: LimitView): string {
  switch (cost.kind) {
    case 'constant':
      return cost.hits === 1 ? '' : `; a request takes ${cost.hits}`;
    case 'metadata':
      return `; a request takes what ${cost.filter}:${cost.key} says`;
    case 'requestHeader':
      return `; a request takes what ${cost.name} says`;
    case 'responseHeader':
      return `; what ${cost.name} of the response says is taken when it ends`;
    case 'responseBytes':
      return '; the bytes of the response are taken when it ends';
    case 'responseMs':
      return '; the milliseconds that it took are taken when it ends';
    default:
      return cost satisfies never;
  }
}

function authLines(auth: AuthView | undefined, frame: Frame): readonly string[] {
  if (auth === undefined) return ['auth      none: public'];
  const { policy, form, rule, isInherited } = auth;
  const by =
    form.form === 'proxy' ? 'the proxy itself' : `the companion${form.obstacles.length === 0 ? '' : ` (${form.obstacles.join('; ')})`}`;
  return [
    `auth      policy ${policy.name}${isInherited ? ', by default' : ''}${policy.mode === 'shadow' ? ', shadow' : ''}: ${VERDICTS[rule.standing]}${placed(frame)(policy.path)}`,
    `${INDENT}decided by ${by}`,
    ...ruleLines(rule, frame, INDENT),
  ];
}

const VERDICTS = { holds: 'would pass', fails: 'would be refused', open: 'depends on what is not known here' } as const;
const MARKS = { holds: '+', fails: '-', open: '?' } as const;

function ruleLines({ text, path, standing, why, rules }: RuleView, frame: Frame, indent: string): readonly string[] {
  const line = `${indent}${MARKS[standing]} ${text}${why === undefined ? '' : `: ${why}`}${placed(frame)(path)}`;
  return [line, ...rules.flatMap((rule) => ruleLines(rule, frame, `${indent}  `))];
}

function placed({ placeOf }: Frame): (path: ConfigPath) => string {
  return (path) => {
    const place = path.length === 0 ? undefined : placeOf(path);
    return place === undefined ? '' : `  (${place})`;
  };
}
