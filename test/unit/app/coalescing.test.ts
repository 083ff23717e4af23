import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLiveGateway } from '../../../src/app/live-gateway.ts';
import { createDebounce } from '../../../src/config/debounce.ts';
import { createSnapshotStore } from '../../../src/snapshot/store.ts';
import { testDelivery } from '../../support/gateway-delivery.ts';
import { buildOf, goodOf } from '../../support/plain-builds.ts';

const BUILD_MS = 150;
const SAVES = 1_000;

describe('many saves in a short time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('give few builds, of which the last one is live: 1,000 saves in a second, at most 4 (P7)', async () => {
    const snapshots = createSnapshotStore();
    let saved = 0;
    let builds = 0;
    let save = (): void => undefined;
    const gateway = createLiveGateway({
      file: '/etc/edge.yaml',
      builder: {
        build: async () => {
          builds += 1;
          const version = `v${saved}`;
          await new Promise((resolve) => setTimeout(resolve, BUILD_MS));
          return buildOf([], { contentHash: version, good: goodOf(version) });
        },
        refuse: async () => buildOf([]),
        placeOf: async () => undefined,
        explain: async () => undefined,
        textsOf: async () => undefined,
      },
      delivery: testDelivery({ snapshots }).delivery,
      claim: () => undefined,
      // As watchFiles merges what it sees (D5).
      watch: (onChange) => {
        const debounce = createDebounce({ quietMs: 50, maxMs: 500, onQuiet: onChange });
        save = debounce.touch;
        return { update: () => undefined, close: debounce.cancel };
      },
      nowMs: Date.now,
      onEvent: () => undefined,
    });
    const started = gateway.start();
    await vi.advanceTimersByTimeAsync(5 * BUILD_MS);
    await started;
    builds = 0;
    for (saved = 1; saved < SAVES; saved += 1) {
      save();
      await vi.advanceTimersByTimeAsync(1);
    }
    save();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(builds).toBeLessThanOrEqual(4);
    expect(snapshots.get('edge')?.version).toBe(`v${SAVES}`);
    const stopped = gateway.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    await stopped;
  });
});
