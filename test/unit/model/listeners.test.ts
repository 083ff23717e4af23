import { beforeAll, describe, expect, it } from 'vitest';
import { createResolver } from '../../../src/model/resolve.ts';
import type { Model } from '../../../src/model/types.ts';
import { type CertificateAuthority, createAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { configOf, issueTexts, modelOf, resolveSections, routeEntry, type Sections } from './support.ts';

const DAY_MS = 86_400_000;

let authority: CertificateAuthority;
let shop: IssuedCertificate;
let api: IssuedCertificate;

beforeAll(async () => {
  authority = await createAuthority();
  shop = await authority.issue({ name: 'shop.example.com', names: ['shop.example.com', '*.shop.example.com'] });
  api = await authority.issue({ name: 'api.example.com' });
});

function tls(certificates: readonly unknown[], rest: object = {}): Sections {
  return { listeners: { https: { port: 10_443, tls: { certificates, ...rest } } } };
}

function pair({ cert, key }: IssuedCertificate): { readonly cert: string; readonly key: string } {
  return { cert, key };
}

describe('a listener that says little', () => {
  it('gets the defaults', () => {
    expect(modelOf({}).listeners).toEqual([
      {
        name: 'http',
        path: ['listeners', 'http'],
        address: '0.0.0.0',
        port: 10_000,
        trustedHops: 0,
        paths: { escapedSlashes: 'keep', mergeSlashes: false, parameters: 'allow' },
      },
    ]);
  });

  it('gets TLS 1.2 to 1.3, HTTP/2 first, and the certificate by its name and kind of key (C16)', () => {
    const [listener] = modelOf(tls([pair(shop)])).listeners;
    expect(listener?.tls).toMatchObject({ minVersion: '1.2', maxVersion: '1.3', alpn: ['h2', 'http/1.1'] });
    expect(listener?.tls?.certificates[0]?.name).toBe('https/shop.example.com/ecdsa');
    expect(listener?.tls?.certificates[0]?.path).toEqual(['listeners', 'https', 'tls', 'certificates', 0]);
  });
});

describe('listeners beside each other', () => {
  it('must not share an address and port, however it is spelt', () => {
    const { issues } = resolveSections({
      listeners: { b: { port: 80, address: '::' }, a: { port: 80, address: '0::0' }, c: { port: 80 } },
    });
    expect(issueTexts(issues)).toEqual(['CH2201 listeners/a/port']);
    expect(issues[0]?.message).toBe('listeners "b" and "a" both listen on :: port 80');
  });

  it.each([
    ['its own scheme', { port: 80, redirect: { scheme: 'http' } }],
    ['its own port', { port: 80, redirect: { scheme: 'http', port: 80 } }],
  ])('must not redirect to %s', (_what, listener) => {
    expect(issueTexts(resolveSections({ listeners: { http: listener } }).issues)).toEqual(['CH2202 listeners/http/redirect/scheme']);
  });

  it('may redirect to another scheme or port', () => {
    const listeners = { a: { port: 80, redirect: { scheme: 'https' } }, b: { port: 81, redirect: { scheme: 'http', port: 82 } } };
    expect(modelOf({ listeners }).listeners.map((listener) => listener.redirect)).toEqual([
      { scheme: 'https', code: 301 },
      { scheme: 'http', port: 82, code: 301 },
    ]);
  });
});

describe('certificates of listeners', () => {
  it('are named ones and inline ones; named ones are the objects of the model', () => {
    const model = modelOf({ ...tls(['shop', pair(api)]), certificates: { shop: pair(shop) } });
    const certificates = model.listeners[0]?.tls?.certificates ?? [];
    expect(certificates.map((certificate) => certificate.name)).toEqual(['shop', 'https/api.example.com/ecdsa']);
    expect(certificates[0]).toBe(model.certificates[0]);
  });

  it('must exist', () => {
    const { issues } = resolveSections({ ...tls(['shp']), certificates: { shop: pair(shop) } });
    expect(issueTexts(issues)).toEqual(['CH2103 listeners/https/tls/certificates/0']);
    expect(issues[0]?.help).toBe('did you mean "shop"?');
  });

  it('must not stand twice', () => {
    expect(issueTexts(resolveSections(tls([pair(shop), pair(shop)])).issues)).toEqual(['CH2205 listeners/https/tls/certificates/1']);
  });

  it('get a digest of their names where only the first name is the same', async () => {
    const other = await authority.issue({ name: 'shop.example.com', names: ['shop.example.com', 'www.example.com'] });
    const names = modelOf(tls([pair(shop), pair(other)])).listeners[0]?.tls?.certificates.map((certificate) => certificate.name);
    expect(names?.[1]).toMatch(/^https\/shop\.example\.com\/ecdsa\/[0-9a-f]{8}$/);
  });

  it('tell of a key that does not match, with both places (B3)', () => {
    const { issues } = resolveSections(tls([{ cert: shop.cert, key: api.key }]));
    expect(issueTexts(issues)).toEqual(['CH2303 listeners/https/tls/certificates/0/key']);
    expect(issues[0]?.related).toMatchObject([{ path: ['listeners', 'https', 'tls', 'certificates', 0, 'cert'] }]);
  });

  it('tell of versions and protocols that no client can use', () => {
    expect(issueTexts(resolveSections(tls([pair(shop)], { minVersion: '1.3', maxVersion: '1.2' })).issues)).toEqual([
      'CH2204 listeners/https/tls/minVersion',
    ]);
    const { issues } = resolveSections(tls([pair(shop)], { alpn: ['http1.1', 'spdy'] }));
    expect(issues.map((issue) => issue.help)).toEqual(['did you mean "http/1.1"?', 'possible are h2, http/1.1, http/1.0']);
  });

  it('read the authorities of clients', () => {
    const clientAuth = { ca: authority.cert };
    expect(modelOf(tls([pair(shop)], { clientAuth })).listeners[0]?.tls?.clientAuth).toEqual({
      ca: { kind: 'pem', pem: authority.cert },
      mode: 'require',
    });
    const late = resolveSections(tls([pair(shop)], { clientAuth }), { nowMs: Date.now() + 1000 * DAY_MS });
    expect(issueTexts(late.issues)).toContain('CH2304 listeners/https/tls/clientAuth/ca');
  });

  it('are expected to be for the hosts of routes', () => {
    const hostnames = ['a.shop.example.com', 'Shop.example.com', '*.shop.example.com', '*', 'api.example.com', '::1'];
    const second = { name: 'second', hostnames: ['api.example.com', 'b.a.shop.example.com'], matches: [{ methods: ['GET'] }] };
    const routes = [routeEntry({ hostnames }), routeEntry(second)];
    expect(issueTexts(resolveSections({ ...tls([pair(shop)]), routes }).issues)).toEqual([
      'warning CH2312 routes/list-orders/hostnames/4',
      'warning CH2312 routes/second/hostnames/1',
    ]);
  });
});

describe('routes without listeners (C17)', () => {
  it('are served by every TLS listener that serves routes, if there is one', () => {
    const https = { port: 1, tls: { certificates: [pair(shop)] } };
    const listeners = { http: { port: 2 }, https, other: { ...https, port: 3 }, gone: { ...https, port: 4, redirect: { scheme: 'http' } } };
    expect(modelOf({ listeners, routes: [routeEntry({})] }).routes[0]?.listeners).toEqual(['https', 'other']);
  });
});

describe('certificates in a running server', () => {
  const resolver = createResolver();
  const serve = (sections: Sections, previous?: Model, nowMs = Date.now()): ReturnType<typeof resolver.resolve> =>
    resolver.resolve(configOf(sections), { nowMs, serving: previous === undefined ? {} : { previous } });

  it('are kept when they expire, with a warning (B4)', () => {
    const { model, issues } = serve(tls([pair(shop)]), undefined, Date.now() + 60 * DAY_MS);
    expect(issueTexts(issues)).toEqual(['warning CH2304 listeners/https/tls/certificates/0/cert']);
    expect(issues[0]?.message).toMatch(/expired on .*; it is served all the same/);
    expect(model?.listeners[0]?.tls?.certificates).toHaveLength(1);
  });

  it('are served on from the last good pair while a rotation is half done (B3)', () => {
    const sections = (key: string): Sections => ({
      ...tls([{ cert: shop.cert, key }, 'api']),
      certificates: { api: { cert: api.cert, key } },
    });
    const good = serve({ ...tls([pair(shop), 'api']), certificates: { api: pair(api) } }).model;
    const { model, issues } = serve(sections(authority.key), good);
    expect(issueTexts(issues)).toEqual(['warning CH2303 certificates/api/key', 'warning CH2303 listeners/https/tls/certificates/0/key']);
    expect(issues[0]?.message).toContain('the last good one is served on');
    expect(model?.listeners[0]?.tls?.certificates).toEqual(good?.listeners[0]?.tls?.certificates);
  });

  it('are left out when bad from the start, as long as others are there (B5)', () => {
    const { model, issues } = serve(tls([{ cert: shop.cert, key: api.key }, pair(api)]));
    expect(issueTexts(issues)).toEqual(['warning CH2303 listeners/https/tls/certificates/0/key']);
    expect(model?.listeners[0]?.tls?.certificates.map((certificate) => certificate.name)).toEqual(['https/api.example.com/ecdsa']);
  });

  it('leave a listener with none only with an error', () => {
    const { model, issues } = serve(tls([{ cert: shop.cert, key: api.key }]));
    expect(issueTexts(issues)).toEqual([
      'warning CH2303 listeners/https/tls/certificates/0/key',
      'CH2203 listeners/https/tls/certificates',
    ]);
    expect(model).toBeUndefined();
  });
});
