// A fault on purpose: what happens to a share of the requests of a route. Percentages are numbers from 0 to 100.

export interface Fault {
  readonly delay?: { readonly fixedMs: number; readonly percent: number };
  readonly abort?: FaultAbort;
}

export type FaultAbort = { readonly percent: number } & (
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'grpc'; readonly status: number }
);
