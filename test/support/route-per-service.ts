// Routes for tests of services: each service is reached by the host name `SERVICE.test`.
import { parse } from 'yaml';

/** The `routes` section, with one route for each service of a `services` section. */
export function routePerService(services: string): string {
  const { services: found } = parse(services) as { readonly services: Readonly<Record<string, unknown>> };
  const routes = Object.keys(found).map((name) => `  - {name: ${name}, hostnames: [${name}.test], backends: [${name}]}`);
  return ['routes:', ...routes].join('\n');
}
