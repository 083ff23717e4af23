// What the files of the reference rate-limit service say (ratelimit R320), checked: plain data that a companion serves as it is. Types only.
import type { PlainValue } from './yaml-value.ts';

export interface ReferenceLimits {
  /** Hash of all that was read. */
  readonly revision: string;
  /** Domains are unique, in the order of the files. */
  readonly domains: readonly ReferenceDomain[];
}

export interface ReferenceDomain {
  readonly domain: string;
  readonly descriptors: readonly ReferenceDescriptor[];
}

export interface ReferenceDescriptor {
  readonly key: string;
  /** Absent: the bare key. */
  readonly value?: string;
  readonly limit?: ReferenceLimit;
  readonly descriptors: readonly ReferenceDescriptor[];
  readonly shadowMode: boolean;
  readonly quotaMode: boolean;
  readonly detailedMetric: boolean;
  readonly valueToMetric: boolean;
  readonly shareThreshold: boolean;
  readonly metadata?: { readonly [key: string]: PlainValue };
  /** `file:line`. */
  readonly source: string;
}

export const REFERENCE_UNITS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type ReferenceUnit = (typeof REFERENCE_UNITS)[number];

export interface ReferenceLimit {
  /** Empty: no other limit can replace it. */
  readonly name: string;
  readonly replaces: readonly string[];
  /** Absent: unlimited. */
  readonly rate?: { readonly unit: ReferenceUnit; readonly requestsPerUnit: number };
}
