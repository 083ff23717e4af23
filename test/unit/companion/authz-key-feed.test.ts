// What the log and the metrics say of fetches.
import { expect, it } from 'vitest';
import type { KeyOwner } from '../../../src/authz/jwks/key-source.ts';
import { fetchListener } from '../../../src/companion/authz-key-feed.ts';
import type { LogFields, Logger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const issuer = 'https://id.example.com/';
const owner = (url: string): KeyOwner => ({
  issuer,
  algorithms: ['RS256'],
  keys: { kind: 'remote', url, discovery: false, cacheForMs: 60_000, timeoutMs: 1_000, serveStaleForMs: 0, ca: undefined },
});

it('an issuer that is away is told once a minute and when it is back, for each of its key sets (authz §7)', async () => {
  let nowMs = 0;
  const lines: unknown[] = [];
  const note = ({ event }: LogFields): void => void lines.push(event);
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const metrics = createMetrics({ version: 'test' });
  const told = fetchListener({ dev: false, logger, metrics, nowMs: () => nowMs, random: () => 0 });
  const [good, bad] = [owner('https://id.example.com/good'), owner('https://id.example.com/bad')];
  const fails = { kind: 'failed', reason: 'status', detail: 'the issuer answered 500' } as const;
  for (; nowMs < 120_000; nowMs += 10_000) {
    told(bad, fails);
    told(good, { kind: 'unchanged' });
  }
  expect(lines).toEqual(['authz.jwks_failed', 'authz.jwks_failed']);
  told(bad, { kind: 'keys', keys: [], skipped: 1 });
  expect(lines.slice(2)).toEqual(['authz.jwks_back', 'authz.jwks_skipped']);
  expect(await metrics.text()).toContain(`chancery_jwks_fetch_total{issuer="${issuer}",result="status"} 12`);
});
