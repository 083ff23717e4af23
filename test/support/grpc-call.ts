// Unary gRPC by hand over HTTP/2, so that nothing is retried and every status is seen.
import type { HttpRequest, HttpResponse } from './http-client.ts';

/** The HTTP/2 request of a unary call; `path` is `/package.Service/Method`. */
export function grpcRequest(
  path: string,
  message: Buffer = Buffer.alloc(0),
  options: Omit<HttpRequest, 'path' | 'body' | 'method'> = {},
): HttpRequest {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  return {
    ...options,
    method: 'POST',
    path,
    body: frame,
    headers: { 'content-type': 'application/grpc', te: 'trailers', ...options.headers },
  };
}

export interface GrpcAnswer {
  readonly httpStatus: number;
  /** From the trailers, or from the headers of an answer without a body; undefined where the server sent none. */
  readonly status: number | undefined;
  readonly message: string | undefined;
  readonly payload: Buffer;
}

export function grpcAnswer(response: HttpResponse): GrpcAnswer {
  const status = response.trailers['grpc-status'] ?? response.headers['grpc-status'];
  return {
    httpStatus: response.status,
    status: status === undefined ? undefined : Number(status),
    message: response.trailers['grpc-message'] ?? response.headers['grpc-message'],
    payload: response.body.subarray(5),
  };
}
