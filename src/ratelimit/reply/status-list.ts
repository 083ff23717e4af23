// The statuses of one reply, in places that are used again for the next one (R902). Parallel to the request's descriptors (R305).
import { MAX_DESCRIPTORS } from '../request-scan.ts';
import { OK, type StatusFields, UINT32_MAX, writePlainStatus, writeStatus } from './reply-fields.ts';
import type { ReplyWriter } from './reply-writer.ts';

const UNLIMITED: StatusFields = { code: OK, currentLimit: new Uint8Array(0), remaining: UINT32_MAX, resetMs: 0 };

export class StatusList {
  readonly #codes = new Uint8Array(MAX_DESCRIPTORS);
  readonly #fields: (StatusFields | undefined)[] = Array.from({ length: MAX_DESCRIPTORS });

  /** R303, R108: the code alone. */
  setPlain(place: number, code: number): void {
    this.#codes[place] = code;
    this.#fields[place] = undefined;
  }

  set(place: number, fields: StatusFields): void {
    this.#fields[place] = fields;
  }

  /** R306. */
  setUnlimited(place: number): void {
    this.#fields[place] = UNLIMITED;
  }

  /** The first so many, backwards as the writer wants it. */
  write(writer: ReplyWriter, count: number): void {
    for (let place = count - 1; place >= 0; place -= 1) {
      const fields = this.#fields[place];
      if (fields === undefined) writePlainStatus(writer, this.#codes[place] ?? OK);
      else writeStatus(writer, fields);
    }
  }
}
