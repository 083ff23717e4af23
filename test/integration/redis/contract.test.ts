import { describeStore } from '../../contract/ratelimit-store-contract.ts';
import { startCluster, startRedis, startSentinel } from '../../support/redis-server.ts';
import { startStore } from '../../support/redis-store.ts';

describeStore('one Redis', async () => {
  const server = await startRedis();
  const { store } = await startStore({ endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } });
  return {
    store,
    close: async () => {
      await store.close();
      await server.stop();
    },
  };
});

describeStore('Redis behind Sentinel', async () => {
  const servers = await startSentinel();
  const hosts = [{ host: '127.0.0.1', port: servers.sentinelPort }];
  const { store } = await startStore({ endpoint: { kind: 'sentinel', name: servers.name, hosts } });
  return {
    store,
    close: async () => {
      await store.close();
      await servers.stop();
    },
  };
});

describeStore('a Redis Cluster', async () => {
  const { nodes, stop } = await startCluster();
  const { store } = await startStore({ endpoint: { kind: 'cluster', hosts: nodes.map(({ port }) => ({ host: '127.0.0.1', port })) } });
  return {
    store,
    close: async () => {
      await store.close();
      await stop();
    },
  };
});
