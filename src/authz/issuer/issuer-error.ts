// Why an issuer could not be heard.

/** Stable words for a metric and a log. */
export type IssuerFailure = 'network' | 'timeout' | 'address' | 'status' | 'redirect' | 'oversized' | 'form' | 'empty' | 'issuer';

export class IssuerError extends Error {
  readonly reason: IssuerFailure;

  /** `detail` is for logs: it holds no credential. */
  constructor(reason: IssuerFailure, detail: string) {
    super(detail);
    this.reason = reason;
  }
}
