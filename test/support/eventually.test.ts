import { expect, test } from 'vitest';
import { startChild } from './child.ts';
import { eventually } from './eventually.ts';

test('waiting ends with the value as soon as there is one', async () => {
  let looks = 0;
  expect(await eventually(() => (++looks === 3 ? 'there' : undefined))).toBe('there');
  expect(looks).toBe(3);
});

test('waiting in vain ends at the deadline with the last reason', async () => {
  const look = () => Promise.reject(new Error('still 404'));
  await expect(eventually(look, { timeoutMs: 30, what: 'the route' })).rejects.toThrow('timed out waiting for the route: still 404');
});

test('waiting ends at once when it has no sense any more', async () => {
  const begun = performance.now();
  await expect(eventually(() => false, { what: 'Envoy', hopeless: () => 'the process ended' })).rejects.toThrow(
    'the process ended while waiting for Envoy',
  );
  expect(performance.now() - begun).toBeLessThan(1_000);
});

test('a child that ends before it says what is waited for fails the wait with its output', async () => {
  const child = startChild(process.execPath, ['-e', 'console.log("hello"); console.error("no port"); process.exitCode = 3']);
  expect((await child.waitFor(/hel+o/))[0]).toBe('hello');
  await expect(child.waitFor(/ready/)).rejects.toThrow(/ended with 3[^]*no port/);
});

test('a child that ignores SIGTERM is killed after the grace', async () => {
  const child = startChild(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")']);
  await child.waitFor(/up/);
  expect(await child.stop(50)).toBe('SIGKILL');
});
