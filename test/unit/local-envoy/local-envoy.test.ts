import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalEnvoy, type LocalEnvoy } from '../../../src/local-envoy/local-envoy.ts';
import { eventually } from '../../support/eventually.ts';

/** Stands in for Envoy: the same arguments, an admin interface that is live at once, workers that listen at the fourth look, and it ends as told. */
const FAKE = `#!${process.execPath}
const http = require('node:http'), fs = require('node:fs');
const file = process.argv[process.argv.indexOf('--admin-address-path') + 1];
let asked = 0;
const stats = () => 'listener_manager.workers_started: ' + Number((asked += 1) > 3) + '\\nasked: ' + asked + '\\n';
const server = http.createServer(({ url }, response) => response.end(url === '/ready' ? 'LIVE' : stats()));
server.listen(0, '127.0.0.1', () => fs.writeFileSync(file, '127.0.0.1:' + server.address().port));
`;

describe('local Envoy', () => {
  let directory: string;
  let envoys: LocalEnvoy[];
  let crashes: string[];
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'chancery-envoy-'));
    envoys = [];
    crashes = [];
  });
  afterEach(async () => {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
    await rm(directory, { recursive: true, force: true });
  });

  async function program(text: string): Promise<string> {
    const file = path.join(directory, 'fake-envoy');
    await writeFile(file, text);
    await chmod(file, 0o755);
    return file;
  }

  async function envoy(text: string, options: { readonly startTimeoutMs?: number } = {}): Promise<LocalEnvoy> {
    const created = createLocalEnvoy({
      binary: await program(text),
      directory: path.join(directory, 'state'),
      onCrash: (message) => crashes.push(message),
      nowMs: Date.now,
      restartDelayMs: () => 1,
      ...options,
    });
    envoys.push(created);
    return created;
  }

  const record = async () => JSON.parse(await readFile(path.join(directory, 'state', 'envoy.pid'), 'utf8'));
  const isAlive = (pid: number) => {
    try {
      return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
    } catch {
      return false;
    }
  };

  it('starts with the bootstrap it was given and resolves when the admin interface says ready', async () => {
    const url = await (await envoy(FAKE)).start('{}');
    expect(await (await fetch(`${url}/ready`)).text()).toBe('LIVE');
    expect(await readFile(path.join(directory, 'state', 'bootstrap.json'), 'utf8')).toBe('{}');
  });

  it('ends its process when stopped, and leaves no record', async () => {
    const one = await envoy(FAKE);
    await one.start('{}');
    const { envoyPid } = await record();
    expect(isAlive(envoyPid)).toBe(true);
    await one.stop();
    expect(isAlive(envoyPid)).toBe(false);
    await expect(record()).rejects.toThrow();
  });

  it('ends a process that ignores SIGTERM too', async () => {
    const one = await envoy(`${FAKE}process.on('SIGTERM', () => {});`);
    await one.start('{}');
    const { envoyPid } = await record();
    await one.stop();
    expect(isAlive(envoyPid)).toBe(false);
  });

  it('says why it did not start, with the end of its log, and where the rest is', async () => {
    const one = await envoy("#!/bin/sh\necho 'error initializing configuration: no such field' >&2\nexit 1\n");
    await expect(one.start('{}')).rejects.toMatchObject({
      code: 'ERR_ENVOY_FAILED',
      message: expect.stringMatching(/ended with code 1[^]*no such field/),
      remedy: expect.stringContaining(one.logFile),
    });
  });

  it('waits until the workers listen: live alone is too early for the first request', async () => {
    const url = await (await envoy(FAKE)).start('{}');
    expect(await (await fetch(`${url}/stats`)).text()).toContain('asked: 5\n');
  });

  it('gives up when it never becomes ready, and leaves nothing running', async () => {
    const one = await envoy(FAKE.replace('response.end(url', 'response.writeHead(503).end(url'), { startTimeoutMs: 300 });
    await expect(one.start('{}')).rejects.toMatchObject({ message: expect.stringContaining('did not serve within 0.3 s') });
    await expect(record()).rejects.toThrow();
  });

  it('starts again after a crash and says so', async () => {
    const one = await envoy(FAKE);
    await one.start('{}');
    const first = await record();
    process.kill(first.envoyPid, 'SIGKILL');
    const second = await eventually(
      async () => {
        const now = await record().catch(() => first);
        return now.envoyPid === first.envoyPid ? undefined : now;
      },
      { what: 'a second process' },
    );
    expect(isAlive(second.envoyPid)).toBe(true);
    expect(crashes).toEqual([expect.stringContaining('Envoy was ended by SIGKILL; starting it again in 0.001 s')]);
  });

  it('ends what a killed owner left behind before it starts its own', async () => {
    const one = await envoy(FAKE);
    await one.start('{}');
    const { envoyPid, bootstrap } = await record();
    const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', bootstrap], { stdio: 'ignore', detached: true });
    await one.stop();
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.once('exit', resolve));
    await writeFile(path.join(directory, 'state', 'envoy.pid'), JSON.stringify({ envoyPid: orphan.pid, ownerPid: gone.pid, bootstrap }));
    await (await envoy(FAKE)).start('{}');
    expect(isAlive(orphan.pid ?? 0)).toBe(false);
    expect((await record()).envoyPid).not.toBe(envoyPid);
  });

  it('never ends a foreign process that has got the recorded number since', async () => {
    const foreign = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const one = await envoy(FAKE);
    await one.start('{}');
    const { bootstrap } = await record();
    await one.stop();
    await writeFile(
      path.join(directory, 'state', 'envoy.pid'),
      JSON.stringify({ envoyPid: foreign.pid, ownerPid: foreign.pid, bootstrap }),
    );
    await (await envoy(FAKE)).start('{}');
    expect(isAlive(foreign.pid ?? 0)).toBe(true);
    foreign.kill();
  });

  it('refuses a state directory in which another running program has its Envoy', async () => {
    const one = await envoy(FAKE);
    await one.start('{}');
    const { envoyPid, bootstrap } = await record();
    await writeFile(path.join(directory, 'state', 'envoy.pid'), JSON.stringify({ envoyPid, ownerPid: process.ppid, bootstrap }));
    await expect((await envoy(FAKE)).start('{}')).rejects.toMatchObject({
      code: 'ERR_ENVOY_FAILED',
      remedy: expect.stringContaining('--state'),
    });
  });
});
