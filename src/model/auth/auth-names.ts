// Follows the names in rules and routes: each must lead somewhere (authz M2), and a policy's credentials must be told apart by their places.
import type { BrokenNames } from '../../config/schema/gateway.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { nearest } from '../../lib/nearest.ts';
import { errorAt, type Report } from '../issue.ts';
import { rulesIn } from './rules.ts';
import type { AuthPolicy, AuthRule } from './types.ts';

export type AuthSection = 'jwt' | 'apiKeys' | 'introspection' | 'clientCertificates' | 'ipLists' | 'policies';

/** Names that are defined, also those with mistakes of their own. */
export interface AuthNames {
  readonly has: (section: AuthSection, name: string) => boolean;
  readonly of: (section: AuthSection) => readonly string[];
}

export function authNames(config: Readonly<Record<AuthSection, Readonly<Record<string, unknown>>>>, broken: BrokenNames): AuthNames {
  return {
    has: (section, name) => Object.hasOwn(config[section], name) || broken[section].includes(name),
    of: (section) => [...Object.keys(config[section]), ...broken[section]],
  };
}

const WORDS: Readonly<Record<AuthSection, string>> = {
  jwt: 'JWT provider',
  apiKeys: 'set of API keys',
  introspection: 'introspection provider',
  clientCertificates: 'client certificates',
  ipLists: 'IP list',
  policies: 'policy',
};

export interface NamedAt {
  readonly section: AuthSection;
  readonly name: string;
  readonly path: ConfigPath;
}

/** Whether the name leads somewhere; tells it otherwise. */
export function checkName({ section, name, path }: NamedAt, names: AuthNames, report: Report): boolean {
  if (names.has(section, name)) return true;
  const known = names.of(section);
  const meant = nearest(name, known);
  const listed = known.length === 0 ? `define it under ${section}` : `known are ${known.slice(0, 10).join(', ')}`;
  report(
    errorAt(path, 'CH2107', {
      message: `unknown ${WORDS[section]} "${name}"`,
      label: 'not defined in any included file',
      help: meant === undefined ? listed : `did you mean "${meant}"?`,
      ...(meant === undefined ? {} : { related: [{ message: `"${meant}" is here`, path: [section, meant], at: 'key' }] }),
    }),
  );
  return false;
}

export function checkPolicyNames({ rule }: AuthPolicy, names: AuthNames, report: Report): void {
  for (const each of rulesIn(rule)) {
    for (const named of namesIn(each)) checkName(named, names, report);
  }
}

/** What one rule names, without the rules in it. */
function namesIn(rule: AuthRule): readonly NamedAt[] {
  const { path } = rule;
  switch (rule.kind) {
    case 'jwt':
      return rule.providers.map((name, index) => ({
        section: 'jwt',
        name,
        path: rule.providers.length === 1 ? [...path, 'jwt'] : [...path, 'jwt', index],
      }));
    case 'apiKeys':
      return [{ section: 'apiKeys', name: rule.source, path: [...path, 'apiKeys'] }];
    case 'introspection':
      return [{ section: 'introspection', name: rule.provider, path: [...path, 'introspection'] }];
    case 'clientCertificate':
      return [{ section: 'clientCertificates', name: rule.name, path: [...path, 'clientCertificate'] }];
    case 'ips':
      return rule.lists.map((name, index) => ({ section: 'ipLists', name, path: [...path, 'ips', index] }));
    case 'methods':
    case 'anonymous':
    case 'allOf':
    case 'anyOf':
    case 'not':
      return [];
  }
}
