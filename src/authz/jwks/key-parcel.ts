// The keys of one provider on their way from the store to a mirror: plain data (J7).

export interface KeyParcel {
  /** keySetId of the owner. */
  readonly id: string;
  /** As in KeySet. */
  readonly generation: number;
  /** The canonical set (A19); absent: unavailable (J5). */
  readonly jwks?: string;
  /** Until then nobody needs to doubt that a key which is not in it does not exist (J6). Epoch milliseconds. */
  readonly freshUntilMs: number;
}
