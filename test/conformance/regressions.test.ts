// Mistakes that other control planes released, on one stream, by all four forms of the protocol.
import { describe, expect, test } from 'vitest';
import { FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

describe.each(FORMS)('$title', (form) => {
  const rig = withXds();

  test.each(['RouteConfiguration', 'ClusterLoadAssignment', 'Secret'] as const)(
    'B58: a %s that is removed and made anew, unsubscribed and subscribed anew, is delivered each time, though its version is the same',
    async (type) => {
      rig.xds.publish({ [type]: { A: '1', B: '1' } });
      const client = rig.connect(form);
      client.want(type, 'A', 'B');
      expect(await client.contents(type)).toEqual({ A: '1', B: '1' });
      const { version } = rig.xds.store.get('edge') ?? {};
      for (let turn = 0; turn < 3; turn += 1) {
        rig.xds.publish({ [type]: { B: '1' } });
        if (form.variant === 'delta') expect(await client.contents(type)).toEqual({ A: null });
        else await client.silence();
        rig.xds.publish({ [type]: { A: '1', B: '1' } });
        expect(rig.xds.store.get('edge')?.version).toBe(version);
        expect(await client.contents(type)).toEqual({ A: '1' });
        client.want(type, 'B');
        client.want(type, 'A', 'B');
        expect(await client.contents(type)).toMatchObject({ A: '1' });
      }
      await client.silence();
    },
  );

  test('B58: a resource that came anew with other contents while it was unsubscribed is delivered with those', async () => {
    rig.xds.publish({ RouteConfiguration: { A: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'A');
    expect(await client.contents('RouteConfiguration')).toEqual({ A: '1' });
    client.want('RouteConfiguration');
    rig.xds.publish({});
    rig.xds.publish({ RouteConfiguration: { A: '2' } });
    client.want('RouteConfiguration', 'A');
    expect(await client.contents('RouteConfiguration')).toEqual({ A: '2' });
    await client.silence();
  });

  test('B49, B51: what was refused is not sent again by an edit of something else, and comes when it is mended', async () => {
    rig.xds.publish({ RouteConfiguration: { A: '1', B: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'A', 'B');
    await client.take('RouteConfiguration');
    rig.xds.publish({ RouteConfiguration: { A: 'bad', B: '1' } });
    client.nack('RouteConfiguration', await client.next('RouteConfiguration'));
    rig.xds.publish({ RouteConfiguration: { A: 'bad', B: '2' } });
    expect(await client.contents('RouteConfiguration')).toEqual({ B: '2' });
    rig.xds.publish({ RouteConfiguration: { A: 'good', B: '2' } });
    expect(await client.contents('RouteConfiguration')).toEqual({ A: 'good' });
    await client.silence();
  });

  test('B72: a thousand changes leave no more memory behind than a hundred', async () => {
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const churn = async (turns: number): Promise<number> => {
      for (let turn = 0; turn < turns; turn += 1) {
        rig.xds.publish({ Cluster: { name: `${turns}-${turn}`.padEnd(5_000, 'x') } });
        await client.take('Cluster');
      }
      await client.silence();
      return process.memoryUsage().heapUsed + process.memoryUsage().external;
    };
    const before = await churn(100);
    const after = await churn(1_000);
    // Kept for good, they would be 5 MB and their frames.
    expect(after - before).toBeLessThan(30_000_000);
  });
});
