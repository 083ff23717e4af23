// Takes the wrong entries out of a random configuration, until the program accepts the rest.
import { stringify } from 'yaml';
import { createPipeline, type DetailedGood } from '../../src/build/pipeline.ts';
import type { EnvoyApi } from '../../src/proto/api.ts';
import type { RandomGateway } from './random-gateway.ts';
import type { Workspace } from './workspace.ts';

const MOST_ATTEMPTS = 10;

export interface AcceptedGateway {
  readonly gateway: RandomGateway;
  readonly build: DetailedGood;
  /** The file. */
  readonly text: string;
}

interface Surroundings {
  readonly api: EnvoyApi;
  readonly workspace: Workspace;
  /** Sections beside the random ones. */
  readonly more?: object;
  readonly env?: Readonly<Record<string, string>>;
}

/** Throws where errors name no entry that could be taken out. */
export async function acceptedGateway(
  gateway: RandomGateway,
  { api, workspace, more = {}, env = {} }: Surroundings,
): Promise<AcceptedGateway> {
  let left = gateway;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const text = stringify({ version: 'v1', gateway: 'random', ...more, ...left });
    const file = await workspace.write('random.yaml', text);
    const { good, issues } = await createPipeline({ file, env, api, nowMs: Date.now }).build();
    if (good !== undefined) return { gateway: left, build: good, text };
    left = withoutWrong(left, new Set(issues.filter(({ severity }) => severity === 'error').map(({ path }) => path.slice(0, 2).join(' '))));
  }
  const { issues } = await createPipeline({ file: workspace.path('random.yaml'), env, api, nowMs: Date.now }).build();
  const errors = issues
    .filter(({ severity }) => severity === 'error')
    .map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`);
  throw new Error(`errors of a random configuration that name no entry to take out: ${errors.join('; ')}`);
}

/** A wrong service stays without anything, so that the routes to it may stay. */
function withoutWrong({ listeners, services, routes, runtime }: RandomGateway, wrong: ReadonlySet<string>): RandomGateway {
  return {
    listeners: Object.fromEntries(Object.entries(listeners).filter(([name]) => !wrong.has(`listeners ${name}`))),
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [name, wrong.has(`services ${name}`) ? { endpoints: [] } : service]),
    ),
    routes: routes.filter((route, index) => !wrong.has(`routes ${route.name}`) && !wrong.has(`routes ${index}`)),
    runtime: Object.fromEntries(Object.entries(runtime).filter(([name]) => !wrong.has(`runtime ${name}`))),
  };
}
