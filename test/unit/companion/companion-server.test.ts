// The shell around a handler, called over a real port of this process.
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { BytesHandler, ServedCall, ShellReason } from '../../../src/companion/bytes-handler.ts';
import { type CompanionServer, createCompanionServer } from '../../../src/companion/companion-server.ts';
import type { Shedding } from '../../../src/companion/loop-delay.ts';
import { OPEN_ACCESS } from '../../../src/grpc/access.ts';
import { type CheckCaller, checkCaller } from '../../support/authz-process.ts';
import { eventually } from '../../support/eventually.ts';
import { quietLogger } from '../../support/quiet-logger.ts';
import { testApi } from '../../support/snapshots.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const api = testApi();
const answers: Readonly<Record<ShellReason, Buffer>> = { overloaded: answerOf(503), oversized: answerOf(400), failed: answerOf(500) };

function answerOf(code: number): Buffer {
  return api.encode('envoy.service.auth.v3.CheckResponse', { status: { code, message: 'x' } });
}

describe('the shell of a companion', () => {
  let servers: CompanionServer[] = [];
  let callers: CheckCaller[] = [];

  afterEach(async () => {
    for (const caller of callers) caller.close();
    await Promise.all(servers.map((server) => server.drain(0)));
    servers = [];
    callers = [];
  });

  async function start(handler: BytesHandler, shedding: () => Shedding = () => 'none', shedsItself = false) {
    const shed: ShellReason[] = [];
    const server = createCompanionServer({
      service: 'envoy.service.auth.v3.Authorization',
      methods: { Check: { handler, answerTo: (reason) => answers[reason], shedsItself } },
      api,
      access: OPEN_ACCESS,
      reflection: false,
      shedding,
      onCall: () => {},
      onShed: (reason) => void shed.push(reason),
      nowMs: Date.now,
      logger: quietLogger(),
    });
    servers.push(server);
    const endpoint = await server.listen({ host: '127.0.0.1', port: 0 });
    const newCaller = (): CheckCaller => {
      const caller = checkCaller(endpoint);
      callers.push(caller);
      return caller;
    };
    return { server, shed, endpoint, newCaller };
  }

  it('hands bytes in and out, with the deadline less the way back (authz G11)', async () => {
    const deadlines: number[] = [];
    const { newCaller } = await start((request, { deadlineMs }, reply) => {
      deadlines.push(deadlineMs - Date.now());
      reply(request);
    });
    const request = answerOf(7);
    expect((await newCaller().check(request, 400)).bytes).toEqual(request);
    expect(deadlines[0]).toBeGreaterThan(250);
    expect(deadlines[0]).toBeLessThanOrEqual(381);
  });

  it('answers an exception, a request that is too large, and too much to do with bytes that are never empty (authz G2, G4, G12, T14)', async () => {
    let load: Shedding = 'none';
    const { newCaller, shed } = await start(
      () => {
        throw new Error('boom');
      },
      () => load,
    );
    const caller = newCaller();
    const codes = async (request: Buffer): Promise<unknown> => (await caller.check(request)).response.status?.code;
    expect(await codes(Buffer.alloc(0))).toBe(500);
    expect(await codes(Buffer.alloc(128 * 1024 + 1))).toBe(400);
    expect(await codes(Buffer.alloc(8 * 1024 * 1024))).toBe(400);
    load = 'all';
    expect(await codes(Buffer.alloc(0))).toBe(503);
    load = 'cold';
    expect(await codes(Buffer.alloc(0))).toBe(500);
    expect(shed).toEqual(['failed', 'oversized', 'oversized', 'overloaded', 'failed']);
  });

  it('leaves it to a handler that sheds by itself what becomes of calls when there is too much to do (ratelimit R807)', async () => {
    const { newCaller, shed } = await start(
      (_request, _call, reply) => reply(answerOf(1)),
      () => 'all',
      true,
    );
    expect((await newCaller().check(Buffer.alloc(0))).response.status?.code).toBe(1);
    expect(shed).toEqual([]);
  });

  it('takes at most 1,024 calls at once; those that were given up make room (authz G12)', async () => {
    const open: { readonly call: ServedCall; readonly reply: (bytes: Uint8Array) => void }[] = [];
    const { newCaller } = await start((_request, call, reply) => void open.push({ call, reply }));
    // No client opens more than 1,000 streams on one connection.
    const [first, second] = [newCaller(), newCaller()];
    const given = Array.from({ length: 512 }, () => first.check(Buffer.alloc(0), 3_000));
    const waiting = Array.from({ length: 512 }, () => second.check(Buffer.alloc(0), 60_000));
    await eventually(() => open.length === 1_024);
    expect((await second.check(Buffer.alloc(0))).response.status?.code).toBe(503);
    expect((await Promise.all(given)).every(({ code }) => code === status.DEADLINE_EXCEEDED)).toBe(true);
    await eventually(() => open.filter(({ call }) => call.signal.aborted).length === 512);
    const next = second.check(Buffer.alloc(0));
    await eventually(() => open.length === 1_025);
    for (const { reply } of open) reply(answerOf(1));
    for (const { response } of [await next, ...(await Promise.all(waiting))]) expect(response.status?.code).toBe(1);
  });

  it('says SERVING when told, NOT_SERVING before that and while it ends, and answers until nobody calls (authz G13)', async () => {
    const { server, newCaller } = await start((_request, _call, reply) => reply(answerOf(1)));
    const caller = newCaller();
    expect(await caller.health()).toBe(NOT_SERVING);
    server.setServing(true);
    expect(await caller.health('envoy.service.auth.v3.Authorization')).toBe(SERVING);
    expect(await caller.health('other')).toBe(-status.NOT_FOUND);
    const drained = server.drain(5_000);
    expect(await caller.health()).toBe(NOT_SERVING);
    expect((await newCaller().check(Buffer.alloc(0))).response.status?.code).toBe(1);
    await drained;
    expect((await newCaller().check(Buffer.alloc(0), 300)).code).not.toBe(status.OK);
  });
});
