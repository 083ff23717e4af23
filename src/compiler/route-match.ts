// One item of a route's `matches` → Envoy's RouteMatch. Says nothing of precedence: that is the order of the routes (C1).
import type { PathMatch, RouteMatch } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { RouteMatch as RouteMatchMessage } from '../proto/generated/envoy/config/route/v3/RouteMatch.ts';
import { compileHeaderMatch, compileMethods } from './header-match.ts';
import { compileNegatedQueryMatch, compileQueryMatch } from './query-match.ts';

export function compileRouteMatch(match: RouteMatch): RouteMatchMessage {
  const methods = compileMethods(match.methods);
  const headers = [
    ...(methods === undefined ? [] : [methods]),
    ...match.headers.map(compileHeaderMatch),
    ...match.query.map(compileNegatedQueryMatch).filter((matcher) => matcher !== undefined),
  ];
  const query = match.query.map(compileQueryMatch).filter((matcher) => matcher !== undefined);
  return {
    ...compilePathMatch(match.pathMatch),
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query_parameters: query } : {}),
    ...(match.grpcOnly ? { grpc: {} } : {}),
  };
}

/** The prefix `/` cannot be path-separated in Envoy, and needs not be: every path begins with it. */
function compilePathMatch(path: PathMatch = { kind: 'prefix', value: '/' }): RouteMatchMessage {
  switch (path.kind) {
    case 'exact':
      return { path: path.value };
    case 'prefix':
      return path.value === '/' ? { prefix: '/' } : { path_separated_prefix: path.value };
    case 'regex':
      return { safe_regex: { regex: path.value } };
    case 'template':
      return {
        path_match_policy: {
          name: 'envoy.path.match.uri_template.uri_template_matcher',
          typed_config: any('envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig', { path_template: path.value }),
        },
      };
  }
}
