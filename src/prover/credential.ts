// What a caller shows: lines of a request's head, and its query. Types only.

export type HeaderLine = readonly [name: string, value: string];

export interface Credential {
  readonly headers?: readonly HeaderLine[];
  /** Without `?`. */
  readonly query?: string;
}
