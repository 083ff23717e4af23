// The filter that sends the request where its route says.
import { any } from '../../proto/any.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';

export const router: HttpFilterCompiler = {
  appliesTo: 'all',
  compileFilter: () => ({ name: 'envoy.filters.http.router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) }),
};
