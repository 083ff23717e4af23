// Makes configurations for tests of the model, as the loader would hand them over; holds no assertions.
import { type GatewayConfig, gatewaySchema } from '../../../src/config/schema/gateway.ts';
import type { Issue } from '../../../src/lib/issue.ts';
import { createResolver } from '../../../src/model/resolve.ts';
import type { ResolveContext } from '../../../src/model/resolve-context.ts';
import type { Model, Route, Service } from '../../../src/model/types.ts';

export const NOW = Date.UTC(2026, 10, 22);

export type Section = Readonly<Record<string, unknown>>;

export interface Sections {
  readonly defaults?: Section;
  readonly listeners?: Section;
  readonly certificates?: Section;
  readonly services?: Section;
  readonly routes?: readonly Section[];
  readonly accessLog?: Section;
  readonly runtime?: Section;
}

/** A configuration with one plain listener and one service `orders`, unless other ones are given. */
export function configOf(sections: Sections = {}): GatewayConfig {
  return gatewaySchema.parse({
    version: 'v1',
    gateway: 'edge',
    listeners: { http: { port: 10_000 } },
    services: { orders: { endpoints: ['orders.internal:8080'] } },
    ...sections,
  });
}

export interface Outcome {
  readonly issues: readonly Issue[];
  readonly model?: Model;
}

export function resolveSections(sections: Sections, context: ResolveContext = { nowMs: NOW }): Outcome {
  return createResolver().resolve(configOf(sections), context);
}

/** `CH2104 routes/list-orders/backends/0/service` for each issue; warnings begin with `warning `. */
export function issueTexts(issues: readonly Issue[]): readonly string[] {
  return issues.map((issue) => `${issue.severity === 'warning' ? 'warning ' : ''}${issue.code} ${issue.path.join('/')}`);
}

export function modelOf(sections: Sections): Model {
  const { model, issues } = resolveSections(sections);
  if (model === undefined) {
    throw new Error(`no model: ${issues.map((issue) => issue.message).join('; ')}`);
  }
  return model;
}

/** The model's route for an entry that has a backend unless it says otherwise. */
export function routeOf(entry: Section, sections: Sections = {}): Route {
  const [route] = modelOf({ ...sections, routes: [routeEntry(entry)] }).routes;
  if (route === undefined) {
    throw new Error('no route');
  }
  return route;
}

export function serviceOf(entry: Section, sections: Sections = {}): Service {
  const service = modelOf({ ...sections, services: { orders: { endpoints: ['orders.internal:8080'], ...entry } } }).services[0];
  if (service === undefined) {
    throw new Error('no service');
  }
  return service;
}

export function routeEntry(entry: Section): Section {
  const hasAction = 'backends' in entry || 'redirect' in entry || 'respond' in entry;
  return { name: 'list-orders', ...(hasAction ? {} : { backends: ['orders'] }), ...entry };
}

/** Issues of one route beside the standard listener and service. */
export function routeIssues(entry: Section, sections: Sections = {}): readonly Issue[] {
  return resolveSections({ ...sections, routes: [routeEntry(entry)] }).issues;
}
