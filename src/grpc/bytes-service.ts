// Definitions of services that are not part of Envoy's API; messages stay bytes, as in all our services.
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

export interface MethodForm {
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
}

/** `methods`: by name. */
export function bytesService(serviceName: string, methods: Readonly<Record<string, MethodForm>>): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(methods).map(([name, { requestStream = false, responseStream = false }]): [string, MethodDefinition<Buffer, Buffer>] => [
      name,
      {
        path: `/${serviceName}/${name}`,
        requestStream,
        responseStream,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  );
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
