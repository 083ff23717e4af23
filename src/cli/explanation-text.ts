// An explanation as text for people and as JSON for programs; each decision with its place in the files. Never a credential or a claim.
import type { Positions } from '../config/source.ts';
import type { AuthView, Explanation } from '../explain/explain.ts';
import { pathText } from '../explain/match-misses.ts';
import type { RuleView } from '../explain/rule-view.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { shownPath } from '../lib/shown-path.ts';

export interface Places {
  readonly positions: Positions;
  readonly cwd: string;
}

export function explanationText(gateway: string, explanation: Explanation, places: Places): string {
  const { listener, path, found, nearMisses, auth } = explanation;
  const lines = [`gateway   ${gateway}`];
  if (listener === undefined) return `${lines[0]}\nlistener  none speaks this scheme: the client cannot connect\n`;
  lines.push(`listener  ${listener.name}, port ${listener.port}${at(listener.path, places)}`);
  if (listener.redirect !== undefined)
    lines.push(
      `answer    ${listener.redirect.code}: a redirect to ${listener.redirect.scheme}${at([...listener.path, 'redirect'], places)}`,
    );
  if (path?.kind === 'refused') lines.push(`answer    400 request.path: ${path.why}${at([...listener.path, 'paths'], places)}`);
  if (path?.kind === 'redirected') lines.push(`answer    307: a redirect to ${path.path}${at([...listener.path, 'paths'], places)}`);
  if (path?.kind === 'routed') lines.push(`path      ${path.path}`);
  if (path?.kind === 'routed' && found === undefined) lines.push('route     none: 404');
  if (found !== undefined) {
    const { route, match, hostname } = found;
    lines.push(
      `host      ${hostname}`,
      `route     ${route.name}, by ${pathText(match.pathMatch)}${at(match.path, places)}`,
      ...authLines(auth, places),
    );
    lines.push(`action    ${actionText(explanation)}${at(route.path, places)}`);
  }
  const misses = nearMisses.map(({ route, match, why }) => `near miss ${route.name}: ${why}${at(match.path, places)}`);
  return `${[...lines, ...misses].join('\n')}\n`;
}

function actionText({ found }: Explanation): string {
  const action = found?.route.action;
  if (action?.kind === 'forward') return `to ${action.backends.map(({ service }) => service).join(', ')}`;
  return action === undefined ? '' : action.kind === 'redirect' ? `redirect, ${action.code}` : `answer, ${action.status}`;
}

function authLines(auth: AuthView | undefined, places: Places): readonly string[] {
  if (auth === undefined) return ['auth      none: public'];
  const { policy, form, rule, isInherited } = auth;
  const by =
    form.form === 'proxy' ? 'the proxy itself' : `the companion${form.obstacles.length === 0 ? '' : ` (${form.obstacles.join('; ')})`}`;
  return [
    `auth      policy ${policy.name}${isInherited ? ', by default' : ''}${policy.mode === 'shadow' ? ', shadow' : ''}: ${VERDICTS[rule.standing]}${at(policy.path, places)}`,
    `          decided by ${by}`,
    ...ruleLines(rule, places, '          '),
  ];
}

const VERDICTS = { holds: 'would pass', fails: 'would be refused', open: 'depends on what is not known here' } as const;
const MARKS = { holds: '+', fails: '-', open: '?' } as const;

function ruleLines({ text, path, standing, why, rules }: RuleView, places: Places, indent: string): readonly string[] {
  const line = `${indent}${MARKS[standing]} ${text}${why === undefined ? '' : `: ${why}`}${at(path, places)}`;
  return [line, ...rules.flatMap((rule) => ruleLines(rule, places, `${indent}  `))];
}

function at(path: ConfigPath, places: Places): string {
  const place = placeText(path, places);
  return place === undefined ? '' : `  (${place})`;
}

function placeText(path: ConfigPath, { positions, cwd }: Places): string | undefined {
  const position = positions.find(path, 'key');
  return position === undefined ? undefined : `${shownPath(position.file, cwd)}:${position.line}`;
}

/** The same for programs. */
export function explanationJson(gateway: string, explanation: Explanation, places: Places): object {
  const { listener, path, found, nearMisses, auth } = explanation;
  const source = (of: ConfigPath) => placeText(of, places) ?? null;
  return {
    gateway,
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
    nearMisses: nearMisses.map(({ route, match, why }) => ({ route: route.name, why, source: source(match.path) })),
  };
}

function ruleJson({ text, path, standing, why, rules }: RuleView, source: (path: ConfigPath) => string | null): object {
  return {
    text,
    standing,
    ...(why === undefined ? {} : { why }),
    source: source(path),
    ...(rules.length === 0 ? {} : { rules: rules.map((rule) => ruleJson(rule, source)) }),
  };
}
