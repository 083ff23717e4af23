// The Fetch methods of the discovery services: one request, one full answer (R40).
import { type handleUnaryCall, status } from '@grpc/grpc-js';
import type { Peer } from '../grpc/access.ts';
import { CallRefusal, type UnaryContext, unary } from '../grpc/unary.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import { fetchAnswer, fetchResponse, nothingFor } from './fetch.ts';
import { clientNode } from './node.ts';
import { type ReadRequest, requestReader } from './read-request.ts';
import type { TargetSource } from './targets.ts';

export interface FetchContext extends UnaryContext {
  readonly api: EnvoyApi;
  readonly targets: Pick<TargetSource, 'targetFor'>;
  readonly identifier: string;
}

export function fetchMethod(typeUrl: TypeUrl, context: FetchContext): handleUnaryCall<Buffer, Buffer> {
  const read = requestReader(context.api, 'sotw');
  return unary(context, (bytes, peer) => answer(typeUrl, { ...read(bytes), peer }, context));
}

function answer(typeUrl: TypeUrl, { node: said, request, peer }: ReadRequest & { readonly peer: Peer }, context: FetchContext): Buffer {
  if (said === undefined)
    throw new CallRefusal(status.INVALID_ARGUMENT, 'the request must hold the node: its id, and the gateway as its cluster');
  if (request.typeUrl !== '' && request.typeUrl !== typeUrl) {
    throw new CallRefusal(status.INVALID_ARGUMENT, `this service serves ${typeUrl}, not ${request.typeUrl}`);
  }
  const node = clientNode(said);
  const denial = context.access.permit(peer, node);
  if (denial !== undefined) throw new CallRefusal(denial.code, denial.details);
  const names = request.names.variant === 'sotw' ? request.names.list : [];
  const found = fetchAnswer({ node, typeUrl, names }, context.targets);
  if (found === undefined) throw new CallRefusal(status.UNAVAILABLE, nothingFor(node));
  return fetchResponse(found, context.identifier);
}
