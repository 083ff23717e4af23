// What routes ask of the services that they name. Asked at every resolve, because services change without their routes: so it must be cheap.
import type { ConfigPath } from '../lib/issue.ts';
import { errorAt, type Report, warningAt } from './issue.ts';
import { isHttp1Only } from './service-protocol.ts';
import type { ForwardAction, Route, Service } from './types.ts';
import { reportUnknownService } from './unknown-service.ts';

export interface KnownServices {
  /** Services that could be resolved. */
  readonly resolved: ReadonlyMap<string, Service>;
  /** Names of all services, also of those with mistakes of their own. */
  readonly isDefined: (name: string) => boolean;
  readonly names: () => Iterable<string>;
}

export function checkReferences(routes: readonly Route[], services: KnownServices, report: Report): void {
  for (const route of routes) {
    if (route.action.kind === 'forward') {
      checkForward(route, route.action, { services, report });
    }
  }
}

interface Tools {
  readonly services: KnownServices;
  readonly report: Report;
}

function checkForward(route: Route, action: ForwardAction, { services, report }: Tools): void {
  const isGrpcOnly = route.matches.some((match) => match.grpcOnly);
  for (const backend of action.backends) {
    const service = services.resolved.get(backend.service);
    if (service === undefined) {
      reportIfUnknown(backend.service, [...backend.path, 'service'], { services, report });
      continue;
    }
    if (isGrpcOnly && isHttp1Only(service)) {
      reportGrpcToHttp1(route, { service, path: [...backend.path, 'service'] }, report);
    }
    if (action.rewrite?.hostFromService === true && !hasHostNames(service)) {
      reportNoHostNames(route, service, report);
    }
  }
  for (const [index, mirror] of action.mirrors.entries()) {
    reportIfUnknown(mirror.service, [...route.path, 'mirror', index, 'service'], { services, report });
  }
}

function reportIfUnknown(name: string, path: ConfigPath, { services, report }: Tools): void {
  if (!services.isDefined(name)) {
    reportUnknownService(name, { path, known: services.names() }, report);
  }
}

/** Over HTTP/1.1 Envoy would pass the request on without the trailers that carry gRPC's status. */
function reportGrpcToHttp1(
  route: Route,
  { service, path }: { readonly service: Service; readonly path: ConfigPath },
  report: Report,
): void {
  const match = route.matches.find((candidate) => candidate.grpcOnly);
  report(
    errorAt(path, 'CH2411', {
      message: `this route takes gRPC requests, but the service "${service.name}" speaks HTTP/1.1`,
      help: `write protocol: grpc in the service "${service.name}"`,
      related: [
        ...(match === undefined ? [] : [{ message: 'gRPC is matched here', path: [...match.path, 'grpc'], at: 'key' as const }]),
        { message: 'the service is here', path: service.path, at: 'key' },
      ],
    }),
  );
}

function hasHostNames({ endpoints, tls }: Service): boolean {
  return endpoints.length === 0 || tls?.sni !== undefined || endpoints.some((endpoint) => endpoint.address.kind === 'dns');
}

function reportNoHostNames(route: Route, service: Service, report: Report): void {
  report(
    warningAt([...route.path, 'rewrite', 'host'], 'CH2418', {
      message: `the service "${service.name}" has only addresses, so there is no host name to send`,
      label: 'the Host of the request stays',
      help: 'write the host itself: rewrite: {host: orders.internal}',
      related: [{ message: 'the service is here', path: service.path, at: 'key' }],
    }),
  );
}
