// Quota streams over a real port of this process, spoken to by a scripted client (ratelimit R701, R702, R707, R809).
import { Client, type ClientDuplexStream, credentials, type StatusObject, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUOTA_SERVICE } from '../../../src/companion/quota-service.ts';
import type { RateLimitQuotaResponseOutput } from '../../../src/proto/generated/envoy/service/rate_limit_quota/v3/RateLimitQuotaResponse.ts';
import { eventually } from '../../support/eventually.ts';
import { compileGatewayFile } from '../../support/golden-gateway.ts';
import { type QuotaServer, startQuotaService } from '../../support/quota-service.ts';
import { testApi } from '../../support/snapshots.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const api = testApi();
const PACKAGE = 'envoy.service.rate_limit_quota.v3';
const GATEWAY = `version: v1
gateway: shop
rateLimits:
  report: {key: [], rate: 100/second, scope: quota}
  slow: {key: [route], rate: 100/hour, scope: quota}
`;

let workspace: Workspace;
let service: QuotaServer;
let client: Client;

interface Scripted {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly answers: RateLimitQuotaResponseOutput[];
  readonly end: Promise<StatusObject>;
  report(bucket: Readonly<Record<string, string>>, usage?: object, domain?: string): void;
}

function open(): Scripted {
  const same = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(`/${QUOTA_SERVICE}/StreamRateLimitQuotas`, same, same);
  const answers: RateLimitQuotaResponseOutput[] = [];
  call.on('data', (bytes: Buffer) => answers.push(api.decode(`${PACKAGE}.RateLimitQuotaResponse`, bytes)));
  call.on('error', () => {});
  const end = new Promise<StatusObject>((resolve) => call.on('status', resolve));
  return {
    call,
    answers,
    end,
    report: (bucket, usage = { num_requests_allowed: 1 }, domain = 'chancery.shop') =>
      void call.write(
        api.encode(`${PACKAGE}.RateLimitQuotaUsageReports`, {
          domain,
          bucket_quota_usages: [{ bucket_id: { bucket }, time_elapsed: { nanos: 1 }, ...usage }],
        }),
      ),
  };
}

beforeAll(async () => {
  workspace = await createWorkspace();
  service = await startQuotaService(
    await compileGatewayFile(await workspace.write('gateway.yaml', `${GATEWAY}${ROUTES}`), { mayWarn: true }),
  );
  client = new Client(service.endpoint, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await service.stop();
  await workspace.remove();
});

const ROUTES = `listeners:
  http: {port: 10000}
services:
  orders: {endpoints: ["10.0.0.1:8080"]}
routes:
  - {name: a, matches: [{path: {prefix: /a}}], backends: [orders], rateLimits: [report]}
  - {name: b, matches: [{path: {prefix: /b}}], backends: [orders], rateLimits: [slow]}
`;

describe('a quota stream', () => {
  it('answers the buckets that it reports, in token buckets of whole seconds for 20 s (R701, R702)', async () => {
    const stream = open();
    stream.report({ limit: 'report' });
    await eventually(() => stream.answers.length > 0);
    const [action] = stream.answers[0]?.bucket_action ?? [];
    expect(action?.bucket_id?.bucket).toEqual({ limit: 'report' });
    expect(action?.quota_assignment_action).toMatchObject({
      assignment_time_to_live: { seconds: 20 },
      rate_limit_strategy: { token_bucket: { max_tokens: 95, tokens_per_fill: { value: 95 }, fill_interval: { seconds: 1 } } },
    });
    stream.report({ limit: 'slow', key: 'b' });
    await eventually(() => stream.answers.length > 1);
    expect(stream.answers[1]?.bucket_action?.[0]?.quota_assignment_action?.rate_limit_strategy).toMatchObject({
      token_bucket: { tokens_per_fill: { value: 95 }, fill_interval: { seconds: 3_600 } },
    });
    stream.call.end();
    expect((await stream.end).code).toBe(status.OK);
  });

  it('abandons buckets of limits that are not known, and of keys that are not theirs (R707)', async () => {
    const stream = open();
    const strangers = [
      { limit: 'other' },
      { limit: 'slow' },
      { limit: 'report', key: 'x' },
      { limit: 'slow', key: '%' },
      { limit: 'slow', 'header.x': 'y' },
    ];
    for (const bucket of strangers) stream.report(bucket);
    const actions = (): readonly unknown[] => stream.answers.flatMap(({ bucket_action = [] }) => bucket_action);
    await eventually(() => actions().length === strangers.length);
    for (const action of actions()) expect(action).toMatchObject({ abandon_action: {} });
    stream.call.cancel();
  });

  it('ends where the domain is missing, unknown or another, and where the message is none (R701)', async () => {
    const codes = async (speak: (stream: Scripted) => void): Promise<number> => {
      const stream = open();
      speak(stream);
      return (await stream.end).code;
    };
    expect(await codes(({ call }) => call.write(Buffer.alloc(0)))).toBe(status.INVALID_ARGUMENT);
    expect(await codes((stream) => stream.report({ limit: 'report' }, {}, 'elsewhere'))).toBe(status.UNAVAILABLE);
    expect(await codes(({ call }) => call.write(Buffer.from([0xff, 0xff])))).toBe(status.INVALID_ARGUMENT);
    const both = (stream: Scripted): void => {
      stream.report({ limit: 'report' });
      stream.report({ limit: 'report' }, {}, 'chancery.other');
    };
    expect(await codes(both)).toBe(status.INVALID_ARGUMENT);
  });

  it('ends with UNAVAILABLE when the companion goes (R809)', async () => {
    const stream = open();
    stream.report({ limit: 'report' });
    await eventually(() => stream.answers.length > 0);
    await service.server.drain(5_000);
    expect((await stream.end).code).toBe(status.UNAVAILABLE);
  });
});
