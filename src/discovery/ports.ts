// What discovery needs of the world: clock, timers, name servers, files, HTTP. Types only; the composition root hands the real ones in.
import type { Result } from '../lib/result.ts';
import type { IpFamily } from '../model/discovery-source.ts';
import type { Endpoint } from '../model/types.ts';

export interface Clock {
  readonly nowMs: () => number;
  /** Runs the task once after so many milliseconds; keeps no process alive. Gives the function that calls it off. */
  readonly after: (delayMs: number, task: () => void) => () => void;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}

export interface Addresses {
  /** Without duplicates, in any order; empty: the name exists nowhere, or has no address of the family. */
  readonly ips: readonly string[];
  readonly ttlMs: number;
}

export interface SrvRecord {
  readonly host: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface NameLookup {
  /** Rejects where no server gave an answer that can be believed: nothing is known then, not even that there is nothing. */
  addresses(host: string, family: IpFamily): Promise<Addresses>;
  /** Likewise. */
  services(name: string): Promise<readonly SrvRecord[]>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly etag?: string;
  /** Of a redirect. */
  readonly location?: string;
  /** UTF-8; empty for 304. Rejects when it is longer than allowed. */
  text(): Promise<string>;
}

export interface HttpRequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface DiscoveryPorts {
  readonly clock: Clock;
  readonly names: NameLookup;
  /** Follows no redirects. */
  readonly get: (url: string, options: HttpRequestOptions) => Promise<HttpAnswer>;
  readonly readFile: (file: string) => Promise<string>;
  /** Calls back after each change of a file that need not exist. Gives the function that ends it. */
  readonly watchFile: (file: string, onChange: () => void) => () => void;
  /** A list of endpoints in YAML or JSON, or what is wrong with it. */
  readonly parseEndpoints: (text: string) => Result<readonly Endpoint[], string>;
}
