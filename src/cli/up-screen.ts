// What `chancery up` tells a person, as text. Pure.

import type { DetailedGood } from '../build/pipeline.ts';
import type { Route } from '../model/types.ts';

/** A comment with this mark at the end of a line of the root file says what to change there first. */
const TRY_MARK = /#\s*try:\s*(.+)$/;

/** The line to edit first, as `FILE:LINE  what to do`; undefined where the file suggests none. */
export function suggestedEdit(file: string, text: string): string | undefined {
  for (const [index, line] of text.split('\n').entries()) {
    const advice = TRY_MARK.exec(line)?.[1];
    if (advice !== undefined) return `${file}:${index + 1}   ${advice.trim()}`;
  }
  return undefined;
}

/** A curl that the gateway answers; undefined where there is no listener, or no route that a simple GET matches. */
export function exampleCurl({ model }: DetailedGood): string | undefined {
  return curlOf(model, ({ auth }) => auth?.kind !== 'policy');
}

/** What shows 401, 403 and 200 at the first route that asks for tokens with a scope; `mint` is the command that makes a token. */
export function protectedCurls({ model }: DetailedGood, mint: string): readonly string[] {
  const asked = model.routes.flatMap(({ name, auth }) => {
    const policy = auth?.kind === 'policy' ? model.auth?.policies.find((each) => each.name === auth.policy) : undefined;
    return policy?.rule.kind === 'jwt' ? [{ name, scopes: policy.rule.requirements.scopes }] : [];
  });
  const [first] = asked;
  const curl = first === undefined ? undefined : curlOf(model, ({ name }) => name === first.name);
  if (first === undefined || curl === undefined) return [];
  const status = `${curl} -o /dev/null -sw '%{http_code}\\n'`;
  const bearer = (command: string): string => `${status} -H "authorization: Bearer $(${command})"`;
  return [status, bearer(mint), bearer(`${mint} --scope '${first.scopes.join(' ')}'`)];
}

function curlOf(model: DetailedGood['model'], isWanted: (route: Route) => boolean): string | undefined {
  const listener = model.listeners.find(({ redirect }) => redirect === undefined);
  const candidates = model.routes.filter((route) => listener !== undefined && route.listeners.includes(listener.name) && isWanted(route));
  const forwarded = candidates.filter(({ action }) => action.kind === 'forward');
  const example = [...forwarded, ...candidates].map(simpleRequest).find((request) => request !== undefined);
  if (listener === undefined || example === undefined) return undefined;
  const host = listener.address === '0.0.0.0' || listener.address === '::' ? 'localhost' : listener.address;
  const authority = `${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
  const hostHeader = example.hostname === undefined ? '' : ` -H 'host: ${example.hostname}'`;
  return `curl${listener.tls === undefined ? '' : ' -k'}${hostHeader} ${listener.tls === undefined ? 'http' : 'https'}://${authority}${example.path}`;
}

function simpleRequest({ matches, hostnames }: Route): { readonly path: string; readonly hostname: string | undefined } | undefined {
  const [hostname] = hostnames;
  const match = matches.find(
    ({ grpcOnly, methods, headers, query }) =>
      !grpcOnly && headers.length === 0 && query.length === 0 && (methods.length === 0 || methods.includes('GET')),
  );
  const kind = match?.pathMatch?.kind ?? 'prefix';
  if (match === undefined || hostname === undefined || (kind !== 'prefix' && kind !== 'exact')) return undefined;
  return { path: match.pathMatch?.value ?? '/', hostname: hostname.startsWith('*') ? undefined : hostname };
}
