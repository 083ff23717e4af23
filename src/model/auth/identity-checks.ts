// The identity set of a gateway, and what would break it: a credential in one of its headers, a route that matches or writes one (authz H1, H9).
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report } from '../issue.ts';
import type { Route } from '../types.ts';
import type { AuthModel } from './types.ts';

/** Every header that tells backends who calls, lower case, sorted; `x-chancery-*` belongs to the set besides. */
export function identityHeadersOf({
  jwt,
  introspection,
  apiKeys,
  clientCertificates,
}: Pick<AuthModel, 'jwt' | 'introspection' | 'apiKeys' | 'clientCertificates'>): readonly string[] {
  const headers = [
    ...[...jwt, ...introspection].flatMap(({ forwardClaims }) => forwardClaims.map(({ header }) => header)),
    ...apiKeys.flatMap(({ consumerHeaders }) => consumerHeaders),
    ...clientCertificates.flatMap(({ forward }) => forward.map(({ header }) => header)),
  ];
  return [...new Set(headers)].sort();
}

/** Stripped before the check, such a credential would never arrive. */
export function checkCredentialHeaders(auth: AuthModel, report: Report): void {
  const identity = new Set(auth.identityHeaders);
  for (const { path, from } of [...auth.jwt, ...auth.introspection, ...auth.apiKeys]) {
    for (const [index, source] of from.entries()) {
      if (source.kind !== 'header' || !isIdentity(source.name, identity)) continue;
      report(
        errorAt([...path, 'from', index], 'CH2810', {
          message: `the header ${source.name} tells backends who calls, so what clients send in it is removed before it is read`,
          help: 'read the credential from another header, or forward the identity in another one',
        }),
      );
    }
  }
}

/** A header name of the identity set. */
export function isIdentity(header: string, identity: ReadonlySet<string>): boolean {
  return identity.has(header) || header.startsWith('x-chancery-');
}

export function checkRouteHeaders(route: Route, identity: ReadonlySet<string>, report: Report): void {
  for (const match of route.matches) {
    for (const { name } of match.headers) {
      if (isIdentity(name, identity)) reportMatched(name, [...match.path, 'headers', name], report);
    }
  }
  for (const change of ['set', 'add'] as const) {
    for (const name of Object.keys(route.requestHeaders[change])) {
      if (isIdentity(name, identity)) reportWritten(name, [...route.path, 'requestHeaders', change, name], report);
    }
  }
}

function reportMatched(name: string, path: ConfigPath, report: Report): void {
  report(
    errorAt(path, 'CH2811', {
      message: `no request has the header ${name} while its route is chosen: clients' copies are removed before, ours are added after`,
      at: 'key',
      help: 'write the condition as scopes or claims of auth, or match another header',
    }),
  );
}

function reportWritten(name: string, path: ConfigPath, report: Report): void {
  report(
    errorAt(path, 'CH2812', {
      message: `the header ${name} tells the backend who calls; written here it would be the same for everybody`,
      at: 'key',
      help: 'take another header',
    }),
  );
}
