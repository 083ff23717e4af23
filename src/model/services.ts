// Services: what they say after `like`, defaulted and checked. Unchanged ones are the same objects as before.
import type { DefaultsConfig } from '../config/schema/defaults.ts';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { hostsOf, listedEndpoints, resolveDiscovery } from './discovery.ts';
import { resolveEndpoints } from './endpoints.ts';
import { resolveHealthCheck } from './health-check.ts';
import { errorAt, type Report } from './issue.ts';
import type { EffectiveService } from './like.ts';
import { resolveLoadBalancer } from './load-balancer.ts';
import { resolveCircuitBreaker, resolveOutlierDetection } from './protection.ts';
import { isHttp1Only } from './service-protocol.ts';
import { SYSTEM_CA } from './trust.ts';
import type { Service, TrustedCa } from './types.ts';
import { resolveUpstreamTls } from './upstream-tls.ts';

/** What services are made of besides themselves; the same object as long as its content is the same. */
export interface ServiceContext {
  readonly defaults: Pick<DefaultsConfig, 'connectTimeout' | 'circuitBreaker'>;
}

export interface ServiceTools {
  readonly context: ServiceContext;
  /** `tls.ca` → what to trust; undefined when that is nothing, which is reported. */
  readonly trust: (text: string, path: ConfigPath) => TrustedCa | undefined;
  readonly report: Report;
}

export interface ServiceResolver {
  /** Undefined when nothing can be trusted for its TLS. */
  resolve(effective: EffectiveService, tools: ServiceTools): Service | undefined;
}

interface Kept {
  readonly context: ServiceContext;
  readonly ca: TrustedCa;
  readonly service: Service;
  readonly issues: readonly Issue[];
}

export function createServiceResolver(): ServiceResolver {
  const kept = new WeakMap<EffectiveService, Kept>();
  return {
    resolve(effective, { context, trust, report }) {
      const text = effective.settings.tls?.ca;
      const ca = text === undefined ? SYSTEM_CA : trust(text, effective.at('tls', 'ca'));
      if (ca === undefined) {
        return undefined;
      }
      const old = kept.get(effective);
      const current = old?.context === context && old.ca === ca ? old : make(effective, { context, ca });
      kept.set(effective, current);
      current.issues.forEach(report);
      return current.service;
    },
  };
}

function make(effective: EffectiveService, { context, ca }: Pick<Kept, 'context' | 'ca'>): Kept {
  const issues: Issue[] = [];
  const service = resolveService(effective, { context, ca, report: (issue) => issues.push(issue) });
  return { context, ca, service, issues };
}

interface Surroundings {
  readonly context: ServiceContext;
  readonly ca: TrustedCa;
  readonly report: Report;
}

function resolveService(effective: EffectiveService, { context, ca, report }: Surroundings): Service {
  const { name, settings, at } = effective;
  const listed = listedEndpoints(settings);
  const endpoints = resolveEndpoints(listed, { path: at('endpoints'), byProxy: settings.resolve === 'proxy' }, report);
  const discovered = resolveDiscovery(effective, endpoints);
  const protocol = settings.protocol ?? 'http1';
  const { outlierDetection, healthCheck, tls } = settings;
  if (healthCheck?.grpc !== undefined && isHttp1Only({ protocol, tls })) {
    reportGrpcOverHttp1(effective, report);
  }
  return {
    name,
    path: ['services', name],
    endpoints,
    ...discovered,
    protocol,
    loadBalancer: resolveLoadBalancer(settings.loadBalancer, at('loadBalancer'), report),
    circuitBreaker: resolveCircuitBreaker(settings.circuitBreaker, context.defaults.circuitBreaker),
    ...(outlierDetection === undefined
      ? {}
      : { outlierDetection: resolveOutlierDetection(outlierDetection, (key) => at('outlierDetection', key), report) }),
    ...(healthCheck === undefined ? {} : { healthCheck: resolveHealthCheck(healthCheck, at('healthCheck')) }),
    connectTimeoutMs: settings.connectTimeout ?? context.defaults.connectTimeout ?? defaults.CONNECT_TIMEOUT_MS,
    ...(tls === undefined
      ? {}
      : { tls: resolveUpstreamTls(tls, { at: (key) => at('tls', key), hosts: hostsOf(endpoints, discovered.discovery), ca }, report) }),
  };
}

/** Envoy refuses such a cluster. */
function reportGrpcOverHttp1({ at }: EffectiveService, report: Report): void {
  report(
    errorAt([...at('healthCheck'), 'grpc'], 'CH2604', {
      message: 'a gRPC health check needs HTTP/2, and this service speaks HTTP/1.1',
      help: 'write protocol: grpc in the service, or use an http or tcp check',
    }),
  );
}
