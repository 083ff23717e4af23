// A real Chromium for a test, without a window: driven over its debugging pipe, with an empty profile that ends with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { findBrowser } from '../../scripts/lib/browser.mjs';
import { REPOSITORY } from './envoy-binary.ts';

export interface PageOptions {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
}

export interface BrowserPage {
  /** What the console says: errors and warnings of scripts, of the content security policy, of what did not load. */
  readonly complaints: readonly string[];
  /** How often the page was loaded. */
  readonly loads: () => number;
  /** The value of an expression of JavaScript, as JSON; of the page that is loaded then. */
  evaluate(expression: string): Promise<unknown>;
  /** Resolves when the page has been loaded anew. */
  reload(): Promise<void>;
  /** Presses and releases the Tab key. */
  pressTab(): Promise<void>;
  screenshot(file: string): Promise<void>;
  close(): Promise<void>;
}

export interface Browser {
  open(options: PageOptions): Promise<BrowserPage>;
  stop(): Promise<void>;
}

type Params = Readonly<Record<string, unknown>>;
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

const TIMEOUT_MS = 30_000;
/** No sandbox: it needs rights that containers lack, and the only page is our own. */
const FLAGS = ['--headless', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startBrowser(): Promise<Browser> {
  const { program, env } = findBrowser(REPOSITORY);
  const folder = await mkdtemp(path.join(tmpdir(), 'chancery-browser-'));
  const child = spawn(program, [...FLAGS, `--user-data-dir=${folder}`], {
    env: { ...process.env, ...env, HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  const wire = new Wire(child);
  void exited.then(() => {
    running.delete(child);
    wire.end();
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await wire.send('Browser.getVersion');
  } catch (error) {
    await stop();
    throw error;
  }
  return { open: (options) => openPage(wire, options), stop };
}

/** Commands and events, each ended by a zero byte (Chromium's `--remote-debugging-pipe`). */
class Wire {
  readonly #to: Writable;
  readonly #waiting = new Map<number, { resolve: (result: Params) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, (method: string, params: Params) => void>();
  #last = 0;
  #errors = '';
  #isOver = false;

  constructor(child: ChildProcess) {
    const [, , errors, to, from] = child.stdio as readonly [null, null, Readable, Writable, Readable];
    this.#to = to;
    to.on('error', () => this.end());
    errors.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4_000);
    });
    let rest = '';
    from.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#heard(JSON.parse(part) as Message);
    });
  }

  send(method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new Error(`the browser is gone: ${this.#errors}`));
      const timer = setTimeout(() => settle(reject, new Error(`the browser did not answer ${method}: ${this.#errors}`)), TIMEOUT_MS);
      const settle = <T>(act: (value: T) => void, value: T): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        act(value);
      };
      this.#waiting.set(id, { resolve: (result) => settle(resolve, result), reject: (error) => settle(reject, error) });
      this.#to.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    });
  }

  listen(sessionId: string, heard: (method: string, params: Params) => void): void {
    this.#listeners.set(sessionId, heard);
  }

  end(): void {
    this.#isOver = true;
    for (const { reject } of this.#waiting.values()) reject(new Error(`the browser ended: ${this.#errors}`));
  }

  #heard({ id, method, sessionId = '', params = {}, result = {}, error }: Message): void {
    if (id === undefined) {
      if (method !== undefined) this.#listeners.get(sessionId)?.(method, params);
      return;
    }
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}

async function openPage(wire: Wire, { url, width, height, colorScheme }: PageOptions): Promise<BrowserPage> {
  const { targetId } = await wire.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await wire.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method: string, params?: Params): Promise<Params> => wire.send(method, params, String(sessionId));
  const complaints: string[] = [];
  const waiters = new Set<() => void>();
  let loads = 0;
  wire.listen(String(sessionId), (method, params) => {
    const complaint = complaintOf(method, params);
    if (complaint !== undefined) complaints.push(complaint);
    if (method !== 'Page.loadEventFired') return;
    loads += 1;
    for (const wake of waiters) wake();
    waiters.clear();
  });
  const loaded = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${url} was not loaded`)), TIMEOUT_MS);
      waiters.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`);
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: colorScheme }] });
  const first = loaded();
  await Promise.all([send('Page.navigate', { url }), first]);
  const tab = { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 };
  return {
    complaints,
    loads: () => loads,
    evaluate: async (expression) => {
      const ask = (): Promise<Params> => send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      // The page may load itself anew just then.
      const answer = await ask().catch((error: unknown) => (/navigated|context/.test(String(error)) ? ask() : Promise.reject(error)));
      const { result, exceptionDetails } = answer as { result?: { value?: unknown }; exceptionDetails?: { text?: string } };
      if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
      return result?.value;
    },
    reload: async () => {
      const again = loaded();
      await Promise.all([send('Page.reload'), again]);
    },
    pressTab: async () => {
      await send('Input.dispatchKeyEvent', { type: 'keyDown', ...tab });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...tab });
    },
    screenshot: async (file) => {
      const { data } = await send('Page.captureScreenshot', { captureBeyondViewport: true });
      await writeFile(file, Buffer.from(String(data), 'base64'));
    },
    close: async () => {
      await wire.send('Target.closeTarget', { targetId });
    },
  };
}

function complaintOf(method: string, params: Params): string | undefined {
  if (method === 'Runtime.exceptionThrown') return `exception: ${JSON.stringify(params['exceptionDetails'])}`;
  if (method === 'Runtime.consoleAPICalled')
    return ['error', 'warning', 'assert'].includes(String(params['type'])) ? `console: ${JSON.stringify(params)}` : undefined;
  if (method !== 'Log.entryAdded') return undefined;
  const { level, text, url } = params['entry'] as { level: string; text: string; url?: string };
  return level === 'error' || level === 'warning' ? `${level}: ${text} ${url ?? ''}` : undefined;
}
