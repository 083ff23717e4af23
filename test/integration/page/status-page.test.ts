// The status page in a real Chromium, of `up --demo` with the quickstart whose limit and token the companions decide (operating O7, O9).
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, type BrowserPage, type PageOptions, startBrowser } from '../../support/browser.ts';
import { spawnChancery } from '../../support/chancery-process.ts';
import type { Child } from '../../support/child.ts';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';
import { type HttpResponse, request } from '../../support/http-client.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const SECTIONS = ['Gateways', 'Nodes', 'Limits', 'Auth'];
const DESKTOP = { width: 1280, height: 900, colorScheme: 'light' } as const;
const PHONE = { width: 390, height: 844, colorScheme: 'light' } as const;
/** Nobody may read it on the page: it is the key of a counter. */
const CANARY = 'caller-4711';

let up: Child;
let browser: Browser;
let workspace: Workspace;
let port = 0;
let url = '';
let text = '';

const send = (target: string): Promise<HttpResponse> => request({ port, path: target, headers: { 'x-user': CANARY } });
const save = (content: string): Promise<void> => workspace.save('gateway.yaml', content, 'rename');
const openPage = (options: Omit<PageOptions, 'url'>): Promise<BrowserPage> => browser.open({ url, ...options });
const wordsOf = async (page: BrowserPage): Promise<string> => String(await page.evaluate('document.body.innerText'));
/** The page as it reads by itself, with nobody asking it to load. */
const shows = (page: BrowserPage, pattern: RegExp): Promise<unknown> =>
  eventually(async () => expect(await wordsOf(page)).toMatch(pattern), { timeoutMs: 20_000, intervalMs: 100 });

beforeAll(async () => {
  const [listener = 0, admin = 0, ...demo] = await freePorts(6);
  [port, url] = [listener, `http://127.0.0.1:${admin}/`];
  const sample = await readFile(path.join(REPOSITORY, 'envoy/quickstart/gateway.yaml'), 'utf8');
  text = sample
    .replace(
      '{key: [client.ip], rate: 3/10s, scope: local, headers: legacy}',
      '{key: [header.x-user], rate: 3/hour, algorithm: fixedWindow}',
    )
    .replace('scopes: [hello:read]}', 'scopes: [hello:read], enforce: companion}');
  workspace = await createWorkspace({ 'gateway.yaml': text });
  const ports = ['--xds-port', '0', '--admin-port', String(admin), '--authz-port', '0', '--ratelimit-port', '0'];
  up = spawnChancery(['up', '--demo', '-c', workspace.path('gateway.yaml'), '--state', workspace.path('state'), ...ports], {
    CHANCERY_QUICKSTART_PORT: String(listener),
    CHANCERY_DEMO_HELLO_V1_PORT: String(demo[0]),
    CHANCERY_DEMO_HELLO_V2_PORT: String(demo[1]),
    CHANCERY_DEMO_GREETER_V1_PORT: String(demo[2]),
    CHANCERY_DEMO_GREETER_V2_PORT: String(demo[3]),
  });
  [browser] = await Promise.all([startBrowser(), up.waitFor(/Ctrl-C ends everything/, 40_000)]);
  await eventually(async () => (await send('/private')).status === 401, { what: 'the companion of auth', timeoutMs: 20_000 });
  await eventually(async () => (await send('/limited')).status === 429, { what: 'the companion of limits', timeoutMs: 20_000 });
  // One decision in 16 is looked at for the hot keys. Workers tell of theirs now and then.
  for (let call = 0; call < 48; call += 1) await send('/limited');
  const told = async (): Promise<boolean> => /asked most[^]*jwt\.missing/.test(await (await fetch(url)).text());
  await eventually(told, { what: 'what the companions tell', timeoutMs: 20_000, intervalMs: 50 });
});
afterAll(async () => {
  await browser?.stop();
  await up?.stop();
  await workspace?.remove();
});

describe('the status page in a browser', () => {
  it('shows its sections in light and dark, on a desk and on a phone, complains of nothing and scrolls downwards only (operating O7, O9)', async () => {
    const colors = new Set<unknown>();
    for (const size of [DESKTOP, PHONE])
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await openPage({ ...size, colorScheme });
        expect(await page.evaluate('[...document.querySelectorAll("h2")].map((heading) => heading.textContent)')).toEqual(
          expect.arrayContaining(SECTIONS),
        );
        expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0);
        colors.add(
          await page.evaluate('getComputedStyle(document.body).color + " " + getComputedStyle(document.querySelector(".good")).color'),
        );
        expect(page.complaints).toEqual([]);
        await page.close();
      }
    expect(colors.size).toBe(2);
  });

  it('runs no script that somebody puts into it, and loads nothing from elsewhere (operating O7)', async () => {
    const page = await openPage(DESKTOP);
    await page.evaluate('document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = true" }))');
    await page.evaluate('document.body.append(Object.assign(document.createElement("img"), { src: "https://elsewhere.test/a.png" }))');
    await eventually(() => page.complaints.filter((complaint) => complaint.includes('Content Security Policy')).length === 2);
    expect(await page.evaluate('window.ran === undefined')).toBe(true);
    await page.close();
  });

  it('tells what a limit let pass and denied, with its callers as hashes, and what auth denied by route and reason (operating O9, ratelimit R811)', async () => {
    const page = await openPage(DESKTOP);
    const rowOf = (start: string): Promise<unknown> =>
      page.evaluate(
        `[...document.querySelectorAll('tr')].map((row) => [...row.cells].map((cell) => cell.innerText)).find(([first]) => first.startsWith(${JSON.stringify(start)}))`,
      );
    const [, rate, counted, allowed, , denied] = (await rowOf('per-client')) as readonly string[];
    expect([rate, counted, allowed]).toEqual([expect.stringMatching(/3\/hour|3 per hour|3 an hour/), 'in memory', '3']);
    expect(Number(denied)).toBeGreaterThan(0);
    const [, , deniedRoute, , why] = (await rowOf('private')) as readonly string[];
    expect(Number(deniedRoute)).toBeGreaterThan(0);
    expect(why).toMatch(/^\d+ × jwt\.missing$/);
    const hot = await page.evaluate(
      '[...[...document.querySelectorAll("table")].find((each) => each.innerText.startsWith("Counter\\t")).rows[1].cells].map((cell) => cell.innerText)',
    );
    expect(hot).toEqual([expect.stringMatching(/^[\w-]{8,}$/), 'per-client', expect.stringMatching(/^\d+$/)]);
    expect(String(await page.evaluate('document.documentElement.outerHTML'))).not.toContain(CANARY);
    await page.close();
  });

  it('lets the keyboard reach every link, and on a phone every table that is wider than it (operating O9)', async () => {
    const page = await openPage(PHONE);
    // Else it loads itself anew while the keys are pressed.
    await page.evaluate('window.stop()');
    const loads = page.loads();
    const wanted = await page.evaluate(`(() => {
      const isWide = (each) => each.scrollWidth > each.clientWidth;
      window.wanted = [...document.querySelectorAll('a[href], button, input'), ...[...document.querySelectorAll('.scroll')].filter(isWide)];
      return window.wanted.length;
    })()`);
    expect(wanted).toBeGreaterThan(3);
    const reached = new Set<unknown>();
    for (let press = 0; press < 40; press += 1) {
      await page.pressTab();
      reached.add(await page.evaluate('window.wanted.indexOf(document.activeElement)'));
    }
    reached.delete(-1);
    expect(reached.size).toBe(wanted);
    expect(page.loads()).toBe(loads);
    await page.close();
  });

  it('follows an edit by itself, and works while the file is broken (operating O9)', async () => {
    const page = await openPage(DESKTOP);
    await save(
      text
        .replace('  per-client:', '  another: {key: [client.ip], rate: 7/minute}\n  per-client:')
        .replace('[per-client]', '[per-client, another]'),
    );
    await shows(page, /^another/m);
    await save(`${text}\nroutes: [`);
    await eventually(async () => /last good/.test(await (await fetch(url)).text()), { what: 'the problem', timeoutMs: 20_000 });
    await page.reload();
    await shows(page, /last good[^]*Problems[^]*gateway\.yaml:\d+/);
    expect(await wordsOf(page)).toMatch(/^another/m);
    expect(page.complaints).toEqual([]);
    await save(text);
    await page.close();
  });
});
