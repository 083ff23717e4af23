// Probes and scrapes of a companion.
import { afterEach, expect, it } from 'vitest';
import { type StatusServer, startStatusServer } from '../../../src/companion/status-server.ts';

let server: StatusServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function started(isServing: boolean): Promise<(path: string, method?: string) => Promise<readonly [number, string]>> {
  const metrics = { text: () => Promise.reject(new Error('boom')), contentType: 'text/plain' };
  server = await startStatusServer({ metrics, status: () => ({ isServing }) }, '127.0.0.1', 0);
  const { port } = server;
  return async (path, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [response.status, await response.text()];
  };
}

it('live, and ready only while it serves (authz G13)', async () => {
  const ask = await started(false);
  expect(await ask('/livez')).toEqual([200, 'live\n']);
  expect(await ask('/readyz')).toEqual([503, '{\n  "isServing": false\n}\n']);
  expect((await ask('/readyz?x', 'HEAD'))[0]).toBe(503);
  expect([(await ask('/')).at(0), (await ask('/constructor')).at(0), (await ask('/livez', 'POST')).at(0)]).toEqual([404, 404, 405]);
});

it('a scrape that fails is an answer and not the end', async () => {
  const ask = await started(true);
  expect((await ask('/metrics'))[0]).toBe(500);
  expect((await ask('/readyz'))[0]).toBe(200);
});
