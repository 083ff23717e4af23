// What becomes of the path: for backends (RouteAction) and in a redirect's Location. Prefixes are whole segments and literal (B19).
import type { PathMatch, RedirectAction, Rewrite } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { RedirectAction as RedirectMessage } from '../proto/generated/envoy/config/route/v3/RedirectAction.ts';
import type { RouteAction } from '../proto/generated/envoy/config/route/v3/RouteAction.ts';
import type { RegexMatchAndSubstitute } from '../proto/generated/envoy/type/matcher/v3/RegexMatchAndSubstitute.ts';
import { quoteRegex } from './quote-regex.ts';
import { literalText } from './substitution-text.ts';

type PrefixRewrite = { readonly prefix_rewrite: string } | { readonly regex_rewrite: RegexMatchAndSubstitute };

/** The path fields of a RouteAction. `path` is the condition that the request met; absent: any path. */
export function compilePathRewrite(rewrite: Rewrite['pathRewrite'], path: PathMatch | undefined): Partial<RouteAction> {
  switch (rewrite?.kind) {
    case undefined:
      return {};
    case 'prefix':
      return compilePrefixRewrite(rewrite.value, path);
    case 'full':
      return { path_rewrite: literalText(rewrite.value) };
    case 'template':
      return {
        path_rewrite_policy: {
          name: 'envoy.path.rewrite.uri_template.uri_template_rewriter',
          typed_config: any('envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig', {
            path_template_rewrite: rewrite.value,
          }),
        },
      };
    case 'regex':
      return { regex_rewrite: { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution } };
  }
}

/** The path fields of a RedirectAction; here Envoy takes `path_redirect` literally. */
export function compilePathRedirect(rewrite: RedirectAction['pathRewrite'], path: PathMatch | undefined): Partial<RedirectMessage> {
  if (rewrite === undefined) {
    return {};
  }
  return rewrite.kind === 'full' ? { path_redirect: rewrite.value } : compilePrefixRewrite(rewrite.value, path);
}

/**
 * Envoy swaps the matched characters only, so the slash between the new prefix and the rest is ours to keep: `/` → `/v2` needs `/v2/`,
 * and `/a` → `/` would give `//b` for `/a/b` unless the slash goes with the prefix, which only a regex says.
 */
function compilePrefixRewrite(value: string, path: PathMatch | undefined): PrefixRewrite {
  const bare = value.endsWith('/') ? value.slice(0, -1) : value;
  if (path === undefined || (path.kind === 'prefix' && path.value === '/')) {
    return { prefix_rewrite: `${bare}/` };
  }
  if (bare !== '') {
    return { prefix_rewrite: bare };
  }
  return path.kind === 'prefix'
    ? { regex_rewrite: { pattern: { regex: `^${quoteRegex(path.value)}/*` }, substitution: '/' } }
    : { prefix_rewrite: '/' };
}
