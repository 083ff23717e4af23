// Lays what the configuration says of waits over a source of targets: how long dropped resources linger, how long clusters take to be warm.
import type { DeliverySettings } from '../model/delivery-settings.ts';
import type { SessionTiming } from '../xds/session-options.ts';
import type { TargetSource } from '../xds/targets.ts';

export interface TargetWaitsOptions {
  readonly deliveryOf: (gateway: string) => Pick<DeliverySettings, 'lingerMs' | 'warmUpMs'> | undefined;
  /** What is said here holds for all gateways, whatever their configuration says. */
  readonly timing: Partial<SessionTiming> | undefined;
}

export function withTargetWaits(targets: TargetSource, { deliveryOf, timing }: TargetWaitsOptions): TargetSource {
  return {
    targetFor: (node) => targets.targetFor(node),
    subscribe: (listener) => targets.subscribe(listener),
    gateways: () => targets.gateways(),
    ...(timing?.lingerMs === undefined ? { lingerMsOf: (gateway: string) => deliveryOf(gateway)?.lingerMs } : {}),
    ...(timing?.separateDelayMs === undefined ? { warmUpMsOf: (gateway: string) => deliveryOf(gateway)?.warmUpMs } : {}),
  };
}
