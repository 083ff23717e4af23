// What the tables of matches are made of: request → name of the route that answers.
import { grpcRequest } from '../../../support/grpc-call.ts';
import type { HttpRequest } from '../../../support/http-client.ts';

export interface Asked extends HttpRequest {
  readonly http?: '1.1' | '2';
}

/** Routes of one host name, and what is asked of them. */
export interface Group {
  readonly title: string;
  /** Route name → its `matches`, or a route without name and action. */
  readonly routes: Readonly<
    Record<string, Matches | { readonly matches?: Matches; readonly hostnames?: readonly string[]; readonly priority?: number }>
  >;
  /** What is asked (a path, or more) → the route's name; `404` where none fits. */
  readonly asks: readonly (readonly [string | Asked, string])[];
}
export type Matches = readonly object[];

/** A request with that header, or with each of these values in turn. */
export const header = (value: string | readonly string[] | undefined, name = 'x-v'): Asked => ({
  headers: value === undefined ? {} : { [name]: value },
});
/** A gRPC request. */
export const grpc = (path: string): Asked => ({ http: '2', ...grpcRequest(path) });
