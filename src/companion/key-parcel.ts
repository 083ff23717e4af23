// The keys of one provider on their way to a worker: plain data (J7).

export interface KeyParcel {
  readonly id: string;
  readonly generation: number;
  /** The canonical key set (A19); absent: unavailable (J5). */
  readonly jwks?: string;
}
