// Limits as the files of the reference service write them (R320), checked and as plain data: what the reader of those files hands over. JSON-
// plain. Types only.
import type { JsonObject } from '../reply/struct-fields.ts';

export interface ReferenceTable {
  readonly revision: string;
  /** Domains are unique; those of several files are merged before. */
  readonly domains: readonly ReferenceDomain[];
}

export interface ReferenceDomain {
  readonly domain: string;
  readonly descriptors: readonly ReferenceDescriptor[];
}

/** One item of `descriptors`, in the order of the file, which matters to patterns (R321). */
export interface ReferenceDescriptor {
  readonly key: string;
  /** Absent: the bare key. Each `*` stands for any characters. */
  readonly value?: string;
  readonly limit?: ReferenceLimit;
  readonly descriptors: readonly ReferenceDescriptor[];
  readonly shadowMode: boolean;
  readonly quotaMode: boolean;
  readonly detailedMetric: boolean;
  readonly valueToMetric: boolean;
  readonly shareThreshold: boolean;
  readonly metadata?: JsonObject;
  /** `file:line`. */
  readonly source: string;
}

export type ReferenceUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

export interface ReferenceLimit {
  /** Empty: it cannot be replaced. */
  readonly name: string;
  readonly replaces: readonly string[];
  /** Absent: unlimited. */
  readonly rate?: { readonly unit: ReferenceUnit; readonly requestsPerUnit: number };
}
