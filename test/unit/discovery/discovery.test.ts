import { beforeEach, describe, expect, test } from 'vitest';
import { parseEndpointText } from '../../../src/app/endpoint-list.ts';
import { createDiscovery, type Discovery, type DiscoveryFailure, type EndpointsChanged } from '../../../src/discovery/discovery.ts';
import { addressKey } from '../../../src/discovery/endpoint-set.ts';
import type { Addresses, DiscoveryPorts } from '../../../src/discovery/ports.ts';
import type { DiscoveredService } from '../../../src/model/discovered-service.ts';
import { aDiscovered, anEndpointAt } from './endpoints.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

const DNS = { kind: 'dns', ipFamily: 'preferV4' } as const;

let clock: FakeClock;
let discovery: Discovery;
let changes: EndpointsChanged[];
let failures: DiscoveryFailure[];
/** Answers by name; a name without one never answers. */
let names: Map<string, Addresses | Error>;
const files = new Map<string, { text: string; changed: () => void }>();

function ports(): DiscoveryPorts {
  return {
    clock,
    names: {
      addresses: async (host) => {
        const answer = names.get(host);
        if (answer instanceof Error) throw answer;
        return answer ?? new Promise(() => undefined);
      },
      services: async () => [],
    },
    get: async () => Promise.reject(new Error('none')),
    readFile: async (file) => files.get(file)?.text ?? Promise.reject(new Error(`${file} is not there`)),
    watchFile: (file, changed) => {
      const known = files.get(file);
      if (known !== undefined) known.changed = changed;
      return () => undefined;
    },
    parseEndpoints: parseEndpointText,
  };
}

function begin(): void {
  discovery = createDiscovery({ ports: ports(), onFailure: (failure) => failures.push(failure) });
  discovery.subscribe((change) => changes.push(change));
}

beforeEach(() => {
  clock = createFakeClock();
  [changes, failures, names] = [[], [], new Map()];
  files.clear();
  begin();
});

const follow = (revision: string, ...services: readonly DiscoveredService[]): Promise<void> =>
  discovery.follow({ gateway: 'edge', revision, services }, 2_000);
const told = (revision: string, service: string): readonly string[] | undefined =>
  discovery
    .services('edge', { revision })
    .get(service)
    ?.told?.endpoints.map((each) => `${addressKey(each)}${each.isDraining === true ? '!' : ''}`);

async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await clock.pass(0);
  return done;
}

describe('a revision that is followed', () => {
  test('waits for the first answers, and no longer than 2 s', async () => {
    names.set('a', { ips: ['10.0.0.1'], ttlMs: 60_000 });
    const quick = follow('1', aDiscovered('a', DNS, ['a:80', '10.0.0.9:80']));
    expect(await isDone(quick)).toBe(false);
    await clock.pass(10);
    expect(await isDone(quick)).toBe(true);
    expect(told('1', 'a')).toEqual(['10.0.0.1:80', '10.0.0.9:80']);
    const slow = follow('2', aDiscovered('slow', DNS, ['slow:80']));
    await clock.pass(1_999);
    expect(await isDone(slow)).toBe(false);
    await clock.pass(1);
    expect(await isDone(slow)).toBe(true);
    expect([told('2', 'slow'), discovery.status('edge')?.[0]?.state]).toEqual([undefined, 'waiting']);
  });

  test('goes on at once with a source that fails, with a pushed service, and with what is known already', async () => {
    names.set('a', new Error('ESERVFAIL'));
    const first = follow('1', aDiscovered('a', DNS, ['a:80']), aDiscovered('p', { kind: 'push' }));
    await clock.pass(10);
    expect(await isDone(first)).toBe(true);
    expect(failures).toEqual([{ gateway: 'edge', service: 'a', source: 'dns', message: 'ESERVFAIL' }]);
    expect([told('1', 'a'), told('1', 'p')]).toEqual([[], []]);
    expect(await isDone(follow('2', aDiscovered('p', { kind: 'push' })))).toBe(true);
  });

  test('stands beside an older one with other sources, until nobody asks for that any more (waves)', async () => {
    names.set('a', { ips: ['10.0.0.1'], ttlMs: 60_000 }).set('b', { ips: ['10.0.0.2'], ttlMs: 60_000 });
    void follow('1', aDiscovered('orders', DNS, ['a:80']));
    void follow('2', aDiscovered('orders', DNS, ['b:80']));
    await clock.pass(10);
    expect([told('1', 'orders'), told('2', 'orders'), told('unknown', 'orders')]).toEqual([
      ['10.0.0.1:80'],
      ['10.0.0.2:80'],
      ['10.0.0.2:80'],
    ]);
    void follow('3');
    await clock.pass(250_000);
    expect(told('1', 'orders')).toEqual(['10.0.0.1:80']);
    void follow('4', aDiscovered('orders', DNS, ['b:80']));
    await clock.pass(250_000);
    expect(told('1', 'orders')).toEqual(['10.0.0.2:80']);
  });
});

describe('a change', () => {
  beforeEach(async () => {
    files.set('f', { text: '["10.0.0.1:80"]', changed: () => undefined });
    void follow('1', aDiscovered('f', { kind: 'file', file: 'f' }));
    await clock.pass(100);
    changes.length = 0;
  });
  const save = (text: string): void => {
    const file = files.get('f');
    if (file === undefined) return;
    file.text = text;
    file.changed();
  };

  test('is told once for a burst, 10 ms after its last event and 50 ms after its first (P6)', async () => {
    const startMs = clock.nowMs();
    for (let n = 2; n < 20; n += 1) {
      save(`["10.0.0.${n}:80"]`);
      await clock.pass(5);
    }
    expect(changes).toMatchObject([{ gateway: 'edge', sinceMs: startMs, services: [{ name: 'f', endpoints: 1, draining: 1 }] }]);
    await clock.pass(50);
    expect(changes.length).toBe(2);
    expect(told('1', 'f')).toContain('10.0.0.19:80');
  });

  test('to equal endpoints is not told', async () => {
    save('[{address: "10.0.0.1:80", priority: 0}]');
    await clock.pass(100);
    expect(changes).toEqual([]);
  });

  test('drains what is gone, and is told again when that has gone (D12)', async () => {
    save('["10.0.0.2:80"]');
    await clock.pass(20);
    expect(told('1', 'f')).toEqual(['10.0.0.1:80!', '10.0.0.2:80']);
    await clock.pass(5_020);
    expect([told('1', 'f'), changes.length]).toEqual([['10.0.0.2:80'], 2]);
  });

  test('that cannot be read is a failure: what was known stays (D18)', async () => {
    save('- nonsense');
    await clock.pass(20);
    expect([changes.length, failures.length, told('1', 'f')]).toEqual([0, 1, ['10.0.0.1:80']]);
    expect(discovery.status('edge')?.[0]?.error).toContain('"nonsense" is not an address');
  });
});

describe('another run', () => {
  test('begins with what the earlier one knew, and uses it while sources are silent or fail (D17, D20)', async () => {
    names.set('a', { ips: ['10.0.0.1'], ttlMs: 60_000 });
    files.set('f', { text: '["10.0.0.2:80"]', changed: () => undefined });
    const services = [aDiscovered('a', DNS, ['a:80']), aDiscovered('f', { kind: 'file', file: 'f' }), aDiscovered('p', { kind: 'push' })];
    void follow('1', ...services);
    discovery.pushes.put(
      { gateway: 'edge', service: 'p' },
      { endpoints: [anEndpointAt('10.0.0.3:80')], pushedAtMs: clock.nowMs(), untilMs: clock.nowMs() + 60_000 },
    );
    await clock.pass(20);
    const kept: unknown = JSON.parse(JSON.stringify(discovery.keep()));
    discovery.close();
    expect(clock.waiting).toBe(1);
    names.clear();
    files.clear();
    begin();
    discovery.restore(kept as ReturnType<Discovery['keep']>);
    void follow('1', ...services);
    await clock.pass(20);
    expect([told('1', 'a'), told('1', 'f'), told('1', 'p')]).toEqual([['10.0.0.1:80'], ['10.0.0.2:80'], ['10.0.0.3:80']]);
    await clock.pass(60_000);
    expect(told('1', 'p')).toEqual(['10.0.0.3:80!']);
  });

  test('keeps what the earlier one knew also when the first answer is that there is none (D18)', async () => {
    names.set('a', { ips: ['10.0.0.1'], ttlMs: 60_000 });
    void follow('1', aDiscovered('a', DNS, ['a:80']));
    await clock.pass(20);
    const kept = discovery.keep();
    discovery.close();
    names.set('a', { ips: [], ttlMs: 60_000 });
    begin();
    discovery.restore(kept);
    void follow('1', aDiscovered('a', DNS, ['a:80']));
    await clock.pass(20);
    expect([told('1', 'a'), discovery.status('edge')?.[0]?.state]).toEqual([['10.0.0.1:80'], 'kept']);
  });
});

describe('pushed endpoints', () => {
  const key = { gateway: 'edge', service: 'p' };
  const list = (untilMs?: number) => ({
    endpoints: [anEndpointAt('10.0.0.3:80')],
    pushedAtMs: clock.nowMs(),
    ...(untilMs === undefined ? {} : { untilMs }),
  });

  test('drain when they are taken back or their time is over; an empty push keeps the last ones (D12, D18)', async () => {
    void follow('1', aDiscovered('p', { kind: 'push' }));
    discovery.pushes.put(key, list());
    await clock.pass(20);
    discovery.pushes.put(key, { endpoints: [], pushedAtMs: 0 });
    await clock.pass(20);
    expect([told('1', 'p'), discovery.status('edge')?.[0]?.state]).toEqual([['10.0.0.3:80'], 'kept']);
    expect(discovery.pushes.delete(key)).toBe(true);
    await clock.pass(20);
    expect(told('1', 'p')).toEqual(['10.0.0.3:80!']);
    discovery.pushes.put(key, list(clock.nowMs() + 30_000));
    await clock.pass(20);
    expect(told('1', 'p')).toEqual(['10.0.0.3:80']);
    await clock.pass(30_000);
    expect([told('1', 'p'), discovery.pushes.get(key)]).toEqual([['10.0.0.3:80!'], undefined]);
    await clock.pass(5_020);
    expect([told('1', 'p'), discovery.status('edge')?.[0]?.state]).toEqual([[], 'none']);
  });
});
