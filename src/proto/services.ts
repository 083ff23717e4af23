// gRPC service definitions for grpc-js whose messages stay bytes: servers decode by themselves (T2) and send what is encoded already (T3, P11).
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { MethodType } from './descriptors.ts';

type BytesMethod = MethodDefinition<Buffer, Buffer>;

export function serviceDefinition(serviceName: string, methods: readonly MethodType[]): ServiceDefinition {
  return Object.fromEntries(methods.map((method) => [method.name, bytesMethod(serviceName, method)]));
}

function bytesMethod(serviceName: string, method: MethodType): BytesMethod {
  return {
    path: `/${serviceName}/${method.name}`,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
    originalName: method.name.charAt(0).toLowerCase() + method.name.slice(1),
  };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
