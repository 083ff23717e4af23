// The contract of what gives a service its list of endpoints; host names in a list are looked up by others (name-book.ts).
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { Endpoint } from '../model/types.ts';
import type { DiscoveryPorts } from './ports.ts';

export interface SourceListener {
  /** The whole list of now. `isMeant`: somebody said that it is empty, so nothing is kept (D18). */
  answered(endpoints: readonly Endpoint[], isMeant?: boolean): void;
  /** The same list as before was answered. */
  unchanged(): void;
  /** No answer, or one that cannot be used: what was known stays. */
  failed(message: string): void;
}

/** Starts at once; may call back before it returns. */
export type StartSource = (service: DiscoveredService, ports: DiscoveryPorts, listener: SourceListener) => ListSource;

export interface ListSource {
  close(): void;
}

/** Why something failed, for people: one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
