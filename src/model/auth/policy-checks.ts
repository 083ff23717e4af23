// What the routes of a policy ask of it: listeners that check certificates, methods that carry no request, places that tell credentials apart.
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report, warningAt } from '../issue.ts';
import type { Listener, Route } from '../types.ts';
import { sharedSource, sourceText } from './credential-sources.ts';
import { rulesIn } from './rules.ts';
import type { AuthModel, AuthPolicy, CredentialSource } from './types.ts';

interface Reader {
  readonly kind: 'jwt' | 'apiKeys' | 'introspection';
  readonly name: string;
  readonly path: ConfigPath;
  readonly from: readonly CredentialSource[];
}

/** Two readers of one place refuse each other's credentials (A2); a JWT beside introspection is known by its three segments (M6). */
export function checkSharedPlaces(policy: AuthPolicy, auth: AuthModel, report: Report): void {
  const readers = readersOf(policy, auth);
  for (const [index, reader] of readers.entries()) {
    for (const other of readers.slice(0, index)) {
      const isToldApart = other.kind !== 'apiKeys' && reader.kind !== 'apiKeys' && (other.kind === 'jwt' || reader.kind === 'jwt');
      const source = isToldApart ? undefined : sharedSource(other.from, reader.from);
      if (source === undefined) continue;
      report(
        errorAt(reader.path, 'CH2804', {
          message: `"${other.name}" and "${reader.name}" both read ${sourceText(source)}, so each refuses what is meant for the other`,
          help: 'let one of them read another place (from), or make two policies',
          related: [{ message: `"${other.name}" is here`, path: other.path }],
        }),
      );
    }
  }
}

/** Each once. */
function readersOf({ rule }: AuthPolicy, auth: AuthModel): readonly Reader[] {
  const readers = new Map<string, Reader>();
  for (const each of rulesIn(rule)) {
    if (each.kind !== 'jwt' && each.kind !== 'apiKeys' && each.kind !== 'introspection') continue;
    const names = each.kind === 'jwt' ? each.providers : [each.kind === 'apiKeys' ? each.source : each.provider];
    for (const name of names) {
      const found = auth[each.kind].find((candidate) => candidate.name === name);
      const key = `${each.kind} ${name}`;
      if (found !== undefined && !readers.has(key))
        readers.set(key, { kind: each.kind, name, path: [...each.path, each.kind], from: found.from });
    }
  }
  return [...readers.values()];
}

/** Fail-open lets forged credentials in while nobody can decide: said once a policy, with its routes (authz §7). */
export function warnOfFailOpen(policy: AuthPolicy, routes: readonly Route[], report: Report): void {
  if (policy.onFailure !== 'allow' || policy.mode === 'shadow' || routes.length === 0) return;
  const names = routes.slice(0, 5).map(({ name }) => name);
  const more = routes.length > names.length ? ` and ${routes.length - names.length} more` : '';
  report(
    warningAt([...policy.path, 'onFailure'], 'CH2819', {
      message: `while nobody can decide, forged credentials pass to ${names.join(', ')}${more}`,
      label: 'fails open',
      help: 'write onFailure: deny, unless the backends check the caller themselves',
    }),
  );
}

/** M10: a certificate that nobody verified proves nothing. */
export function checkCertificateListeners(
  route: Route,
  { policy, listeners }: { readonly policy: AuthPolicy; readonly listeners: ReadonlyMap<string, Listener> },
  report: Report,
): void {
  const rule = rulesIn(policy.rule).find(({ kind }) => kind === 'clientCertificate');
  if (rule === undefined) return;
  for (const name of route.listeners) {
    const listener = listeners.get(name);
    if (listener === undefined || listener.tls?.clientAuth !== undefined) continue;
    report(
      errorAt([...rule.path, 'clientCertificate'], 'CH2817', {
        message: `route "${route.name}" is served by listener "${name}", which does not ask for client certificates`,
        help: `write listeners: {${name}: {tls: {clientAuth: {ca: "\${file:…}", mode: optional}}}}, or take the listener out of the route`,
        related: [{ message: `"${name}" is here`, path: listener.path, at: 'key' }],
      }),
    );
  }
}

/** T19: what goes through a CONNECT tunnel is never seen again. */
export function checkConnect(route: Route, report: Report): void {
  for (const match of route.matches) {
    const index = match.methods.indexOf('CONNECT');
    if (index === -1) continue;
    report(
      errorAt([...match.path, 'methods'], 'CH2814', {
        message: 'a CONNECT tunnel is checked once and then carries whatever the client likes',
        help: 'take CONNECT out of methods, or write auth: none in a route of its own',
      }),
    );
  }
}
