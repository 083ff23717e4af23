// Why a store refused or could not answer an operator's question (read, reset, grant, ledger). Decisions never throw it (R802).
import type { StoreFailure } from '../store.ts';

export class StoreError extends Error {
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.failure = failure;
  }
}
