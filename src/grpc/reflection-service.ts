// gRPC reflection, so that tools such as grpcurl can call the services of this port. What it tells is made when somebody first asks.

import { type Server, type ServerDuplexStream, type ServiceDefinition, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { EnvoyApi } from '../proto/api.ts';
import type { Access } from './access.ts';
import { bytesService } from './bytes-service.ts';
import { refuse } from './refuse.ts';
import { refusalOf, type UnaryContext } from './unary.ts';

/** Both versions of the protocol are in use. */
const REFLECTION_SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];
const METHOD = 'ServerReflectionInfo';

export interface ReflectionContext extends UnaryContext {
  readonly api: Pick<EnvoyApi, 'describe'>;
  readonly access: Access;
}

type BytesCall = ServerDuplexStream<Buffer, Buffer>;
/** Takes a call over, by the name of its service. */
type Reflect = (service: string, call: BytesCall) => void;

/** `services`: names of those that are told. */
export function addReflectionService(server: Pick<Server, 'addService'>, services: readonly string[], context: ReflectionContext): void {
  let made: Promise<Reflect> | undefined;
  for (const name of REFLECTION_SERVICES) {
    server.addService(bytesService(name, { [METHOD]: { requestStream: true, responseStream: true } }), {
      [METHOD]: (call: BytesCall) => {
        const denial = context.access.admit(call);
        if (denial !== undefined) return refuse(call, denial);
        made ??= makeReflect(services, context.api);
        made.then(
          (reflect) => reflect(name, call),
          (error: unknown) => {
            const { code, details } = refusalOf(error, context.logger);
            call.emit('error', Object.assign(new Error(details), { code, details }));
          },
        );
      },
    });
  }
}

interface Captured {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

async function makeReflect(services: readonly string[], api: ReflectionContext['api']): Promise<Reflect> {
  const [{ ReflectionService }, { fromJSON }] = await Promise.all([import('@grpc/reflection'), import('@grpc/proto-loader')]);
  const captured: Captured[] = [];
  const described = fromJSON(api.describe(services), { keepCase: true });
  const catcher = {
    addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation): void =>
      void captured.push({ definition, implementation }),
  };
  new ReflectionService(described, { services: [...services] }).addToServer(catcher);
  return (service, call) => {
    const found = captured.find(({ definition }) => definition[METHOD]?.path === `/${service}/${METHOD}`);
    const method = found?.definition[METHOD];
    const handler = found?.implementation[METHOD];
    if (method !== undefined && handler !== undefined) Reflect.apply(handler, undefined, [withMessages(call, method)]);
  };
}

/** The call as a handler of decoded messages sees it. */
function withMessages(call: BytesCall, method: NonNullable<ServiceDefinition[string]>): object {
  return {
    on: (event: string, listener: (given?: unknown) => void): void =>
      void call.on(event, event === 'data' ? (bytes: Buffer) => guarded(call, () => listener(method.requestDeserialize(bytes))) : listener),
    write: (message: unknown): boolean => call.write(method.responseSerialize(message)),
    end: (): void => void call.end(),
  };
}

/** What is no message ends its stream only (T2). */
function guarded(call: BytesCall, step: () => void): void {
  try {
    step();
  } catch {
    call.emit(
      'error',
      Object.assign(new Error('the bytes are no request'), { code: status.INVALID_ARGUMENT, details: 'the bytes are no request' }),
    );
  }
}
