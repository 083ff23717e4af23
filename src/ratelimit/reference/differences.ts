// How this service differs from the reference one (R326): told when its files are loaded, and in docs/ratelimit-reference.md.

export const REFERENCE_DIFFERENCES: readonly string[] = [
  'keys and values are compared apart: (a_b, c) and (a, b_c) never share a limit or a counter',
  'a * in a key works, with a warning; write it in value',
  'unlimited rules have metrics, too',
  'metadata of a rule is told with value_to_metric and detailed_metric, too',
  'values of limits that requests bring are no metric labels',
  'a limit of a request with a unit that does not exist is passed over; it stops nothing',
  'a store that is away is answered as --on-store-failure says, not by a gRPC error',
];
