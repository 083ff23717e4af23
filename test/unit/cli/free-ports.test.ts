import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { requireFreePorts } from '../../../src/cli/free-ports.ts';

describe('ports that are needed', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function taken(): Promise<number> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  it('may be any free ones', async () => {
    await expect(requireFreePorts([{ host: '127.0.0.1', port: 0, use: 'xDS', remedy: '' }])).resolves.toBeUndefined();
  });

  it('are all named, with their use and the flag, when they are taken', async () => {
    const [xds, admin] = [await taken(), await taken()];
    const wanted = [
      { host: '127.0.0.1', port: xds, use: 'the xDS server', remedy: 'choose another with --xds-port' },
      { host: '127.0.0.1', port: admin, use: 'the admin API', remedy: 'choose another with --admin-port' },
    ];
    await expect(requireFreePorts(wanted)).rejects.toMatchObject({
      code: 'ERR_PORT_IN_USE',
      message: `port ${xds} on 127.0.0.1, for the xDS server, is taken by another program\n       port ${admin} on 127.0.0.1, for the admin API, is taken by another program`,
      remedy: 'end the other program, or choose another with --xds-port; choose another with --admin-port',
    });
  });

  it('are left free by the check', async () => {
    const port = await taken();
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    const wanted = [{ host: '127.0.0.1', port, use: 'xDS', remedy: '' }];
    await requireFreePorts(wanted);
    await expect(requireFreePorts(wanted)).resolves.toBeUndefined();
  });
});
