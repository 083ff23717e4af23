import { describe, expect, it } from 'vitest';
import { createConfigLoader } from '../../../src/config/load.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { HEAD, loaderOf, loadText, MemoryFiles, placeOf, summary } from './support.ts';

const PEM = '-----BEGIN X-----\nabc\n-----END X-----\n';
const GATEWAY = `${HEAD}include: [base.yaml, "teams/**/*.yaml"]
listeners:
  http: {port: 10000}
routes:
  - name: home
    respond: {status: 200}
`;
const FILES = {
  'gateway.yaml': GATEWAY,
  'base.yaml': 'services:\n  s: {endpoints: ["s:80"]}\n',
  'teams/a.yaml': 'services:\n  a: {endpoints: ["a:80"]}\nroutes:\n  - {name: a, backends: [a]}\n',
  'teams/b/b.yaml': 'routes:\n  - {name: b, backends: [s]}\n',
};

describe('createConfigLoader', () => {
  it('merges the sections of all files, included ones sorted by path', async () => {
    const { config, issues, files } = await loaderOf(FILES).load();
    expect(issues).toEqual([]);
    expect(Object.keys(config?.services ?? {})).toEqual(['s', 'a']);
    expect(config?.routes.map(({ name }) => name)).toEqual(['home', 'a', 'b']);
    expect(config).toMatchObject({ version: 'v1', gateway: 'edge', certificates: {} });
    expect(files).toEqual([
      '/etc/chancery/gateway.yaml',
      '/etc/chancery/base.yaml',
      '/etc/chancery/teams/a.yaml',
      '/etc/chancery/teams/b/b.yaml',
      '/etc/chancery/teams',
      '/etc/chancery/teams/b',
    ]);
  });

  it('gives the same configuration however it is split into files (C15)', async () => {
    const joined = `${GATEWAY.replace(/include.*\n/, '')}  - {name: a, backends: [a]}\n  - {name: b, backends: [s]}\nservices:\n  s: {endpoints: ["s:80"]}\n  a: {endpoints: ["a:80"]}\n`;
    const [split, one] = [await loaderOf(FILES).load(), await loadText(joined)];
    expect(split.config).toEqual(one.config);
  });

  it('makes keys secret before anything can print them (C7)', async () => {
    const { config } = await loadText(
      `${HEAD}certificates: {c: {cert: "${PEM.replaceAll('\n', '\\n')}", key: "${PEM.replaceAll('\n', '\\n')}"}}\n`,
    );
    expect(config?.certificates['c']?.key).toBeInstanceOf(Secret);
    expect(JSON.stringify(config)).not.toContain('abc\\n-----END X-----\\n"}');
    expect(JSON.stringify(config?.certificates['c']?.key)).toBe('"[redacted]"');
  });

  it('keeps unchanged entries as the same objects, and an entry that only looks different (P2, C15)', async () => {
    const { files, load } = loaderOf(FILES);
    const first = (await load()).config;
    files.set('teams/a.yaml', '# comment\nservices:\n  a: {endpoints: ["a:81"]}\nroutes:\n  - backends: [a]\n    name: a\n');
    const second = (await load()).config;
    expect(second?.routes).toBe(first?.routes);
    expect(second?.services['s']).toBe(first?.services['s']);
    expect(second?.services['a']).not.toBe(first?.services['a']);
    expect(second?.listeners).toBe(first?.listeners);
  });

  it('keeps entries through a broken edit', async () => {
    const { files, load } = loaderOf(FILES);
    const first = (await load()).config;
    files.set('teams/a.yaml', 'services: [');
    expect((await load()).config).toBeUndefined();
    files.set('teams/a.yaml', FILES['teams/a.yaml']);
    expect((await load()).config?.routes[1]).toBe(first?.routes[1]);
  });

  it('does not throw where another load is under way', async () => {
    const { load } = loaderOf(FILES);
    const [first, second] = await Promise.all([load(), load()]);
    expect(second.config).toEqual(first.config);
  });

  it('hashes what was read, wherever it lies', async () => {
    const env = { A: '1', OTHER: '1' };
    const text = `${HEAD}routes: [{name: r, respond: {status: 200, body: "\${env:A:-x} \${file:b.txt}"}}]\n`;
    const hash = async (files: Record<string, string>, variables: Record<string, string> = env) =>
      (await loaderOf(files, variables).load()).contentHash;
    const base = await hash({ 'gateway.yaml': text, 'b.txt': 'b' });
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(await hash({ 'gateway.yaml': text, 'b.txt': 'b' }, { ...env, OTHER: '2' })).toBe(base);
    expect(await hash({ 'gateway.yaml': text, 'b.txt': 'c' })).not.toBe(base);
    expect(await hash({ 'gateway.yaml': text, 'b.txt': 'b' }, { A: '2' })).not.toBe(base);
    expect(await hash({ 'gateway.yaml': `${text}#`, 'b.txt': 'b' })).not.toBe(base);
    const elsewhere = new MemoryFiles({ '/srv/x/gateway.yaml': text, '/srv/x/b.txt': 'b' });
    expect((await createConfigLoader({ file: '/srv/x/gateway.yaml', env, fs: elsewhere }).load()).contentHash).toBe(base);
  });
});

describe('include', () => {
  it('warns of a pattern without files, and finds them when they come (CH1010)', async () => {
    const { files, load } = loaderOf({ 'gateway.yaml': `${HEAD}include: ["teams/*.yaml"]\n` });
    const empty = await load();
    expect(empty.issues.map(summary)).toEqual(['CH1010 include.0: no file matches "teams/*.yaml"']);
    expect(empty.config).toBeDefined();
    expect(empty.files).toContain('/etc/chancery/teams');
    files.set('teams/a.yaml', 'routes: [{name: a, respond: {status: 200}}]');
    expect((await load()).config?.routes).toHaveLength(1);
  });

  it('of a file that is missing is an error with the near name, and the file is watched', async () => {
    const { issues, files } = await loaderOf({ 'gateway.yaml': `${HEAD}include: [servces.yaml]\n`, 'services.yaml': '' }).load();
    expect(issues.map(summary)).toEqual(['CH1011 include.0: the included file "servces.yaml" cannot be read: it does not exist']);
    expect(issues[0]?.help).toBe('did you mean "services.yaml"?');
    expect(files).toContain('/etc/chancery/servces.yaml');
  });

  it('never includes the root file, and a file only once', async () => {
    const text = `${HEAD}include: ["*.yaml", "./b.yaml", "**/*.yaml"]\n`;
    const { issues, config } = await loaderOf({ 'gateway.yaml': text, 'b.yaml': 'routes: [{name: b, respond: {status: 200}}]' }).load();
    expect(issues).toEqual([]);
    expect(config?.routes).toHaveLength(1);
    expect((await loaderOf({ 'gateway.yaml': `${HEAD}include: [gateway.yaml]\n` }).load()).issues.map(summary)).toEqual([
      'CH1011 include.0: the root file includes itself',
    ]);
  });

  it('does not enter hidden folders, as Kubernetes mounts have them', async () => {
    const { config } = await loaderOf({
      'gateway.yaml': `${HEAD}include: ["conf/**/*.yaml"]\n`,
      'conf/a.yaml': 'routes: [{name: a, respond: {status: 200}}]',
      'conf/..2026/a.yaml': 'routes: [{name: a, respond: {status: 200}}]',
    }).load();
    expect(config?.routes).toHaveLength(1);
  });

  it('refuses what only the root file may hold (CH1012)', async () => {
    const { issues } = await loaderOf({
      ...FILES,
      'base.yaml': 'gateway: other\nservices: {s: {endpoints: ["s:80"]}}\ninclude: [x]\n',
    }).load();
    expect(issues.map(summary)).toEqual([
      'CH1012 gateway: gateway belongs in the root file',
      'CH1012 include: include belongs in the root file',
    ]);
  });

  it('takes patterns from the environment', async () => {
    const { load } = loaderOf(
      { ...FILES, 'gateway.yaml': `${HEAD}include: ["\${env:DIR}/a.yaml"]\nservices: {s: {endpoints: []}}\n` },
      { DIR: 'teams' },
    );
    expect((await load()).config?.routes.map(({ name }) => name)).toEqual(['a']);
  });
});

describe('names that are there twice (C4)', () => {
  it('are told with both places, over files and inside one', async () => {
    const { load } = loaderOf({
      ...FILES,
      'teams/b/b.yaml': 'services:\n  a: {endpoints: ["b:80"], protocol: h3}\nroutes:\n  - {name: a, backends: [s], timeout: 3}\n',
    });
    const outcome = await load();
    expect(outcome.issues.map(summary)).toEqual([
      'CH1006 services.a: the service "a" is there twice',
      expect.stringContaining('"h3" is not known here'),
      'CH1006 routes.a.name: the route "a" is there twice',
      expect.stringContaining('3 has no unit'),
    ]);
    expect(outcome.issues.map((_, index) => placeOf(outcome, index))).toEqual([
      'teams/b/b.yaml:2:3+1',
      'teams/b/b.yaml:2:38+2',
      'teams/b/b.yaml:4:12+1',
      'teams/b/b.yaml:4:39+1',
    ]);
    expect(outcome.issues[0]?.related?.[0]?.position).toMatchObject({ file: '/etc/chancery/teams/a.yaml', line: 2, column: 3 });
  });

  it('are told inside one value and for sections', async () => {
    const { issues } = await loadText(`${HEAD}services:\n  s: {endpoints: [], endpoints: []}\nroutes: []\nroutes: []\n`);
    expect(issues.map(({ message, position }) => `${position?.line} ${message}`).toSorted()).toEqual([
      '4 the key "endpoints" is there twice',
      '6 the key "routes" is there twice',
    ]);
  });

  it('are forgotten once they differ again', async () => {
    const { files, load } = loaderOf(FILES);
    await load();
    files.set('teams/b/b.yaml', 'routes:\n  - {name: a, backends: [s]}\n');
    expect((await load()).issues).toHaveLength(1);
    files.set('teams/b/b.yaml', FILES['teams/b/b.yaml']);
    expect((await load()).issues).toEqual([]);
  });
});

describe('a file', () => {
  it.each([
    ['with a byte order mark', `\ufeff${HEAD}`],
    ['with the line ends of Windows', HEAD.replaceAll('\n', '\r\n')],
    ['with a start marker', `---\n${HEAD}`],
    ['with sections that have no entries yet', `${HEAD}services:\nroutes:\n  # none\ninclude:\n`],
    ['of JSON', '{"version": "v1", "gateway": "edge"}'],
  ])('%s is read', async (_what, text) => {
    const { issues, config } = await loadText(text);
    expect(issues).toEqual([]);
    expect(config?.gateway).toBe('edge');
  });

  it.each([
    ['that is empty', '', 'CH1015 : this file holds no configuration'],
    ['of comments only', '# to do\n', 'CH1015 : this file holds no configuration'],
    ['that is a list', '- a\n', 'CH1015 : a configuration file is a map of sections such as listeners, services and routes'],
    ['that is text', 'hello', 'CH1015 : a configuration file is a map of sections such as listeners, services and routes'],
    ['of several documents', `${HEAD}---\n${HEAD}`, 'CH1005 : the file holds several YAML documents'],
    ['in UTF-16', Buffer.from('\ufeffversion: v1', 'utf16le'), 'CH1003 : this file cannot be read: it is UTF-16, and UTF-8 is expected'],
    ['that is not UTF-8', Buffer.from([0x61, 0xff]), 'CH1003 : this file cannot be read: it is not UTF-8 text'],
    ['of 50 MB', 'x'.repeat(50_000_000), 'CH1002 : this file cannot be read: it has 47.7 MiB, and 10 MiB is the limit'],
    ['of too many values', `${HEAD}routes: [${'a,'.repeat(2_500_000)}]`, 'CH1002 : the file holds too many values to be read'],
    ['that is nested too deep', `${HEAD}routes: ${'['.repeat(100_000)}`, 'CH1014 : lists and maps are nested more than 100 deep'],
    ['of dashes', '- '.repeat(200_000), 'CH1014 : lists and maps are nested more than 100 deep'],
    ['with a merge key', `${HEAD}services:\n  a: &a {endpoints: []}\n  b: {<<: *a}\n`, 'CH1016 : merge keys (<<) are not part of YAML 1.2'],
    ['with a tag', `${HEAD.replace('edge', '!x edge')}`, 'CH1008 : YAML tags (!…) have no meaning here'],
    ['with an unknown alias', `${HEAD.replace('edge', '*.example.com')}`, 'CH1007 : there is no anchor &.example.com above this alias'],
    ['with an alias inside itself', `${HEAD}routes: &a [*a]\n`, 'CH1007 : the alias *a stands inside its own anchor'],
    ['with the key __proto__', `${HEAD}services: {__proto__: {endpoints: []}}\n`, 'CH1013 : this key cannot be used'],
    ['with a list as key', `${HEAD}services: {[a]: 1}\n`, 'CH1013 : a key must be a word'],
  ])('%s is refused with a message', async (_what, text, expected) => {
    const { issues, config } = await loadText(text);
    expect(issues.map(summary)).toContain(expected);
    expect(config).toBeUndefined();
  });

  it('that is a bomb of aliases is refused at once', async () => {
    const levels = Array.from({ length: 30 }, (_, index) => `x${index + 1}: &x${index + 1} [${`*x${index}, `.repeat(10)}]\n`);
    const { issues } = await loadText(`${HEAD}x0: &x0 [a]\n${levels.join('')}`);
    expect(issues.map(summary)).toContain('CH1007 : aliases multiply this file beyond all measure');
  });

  it('that does not exist is told, and watched', async () => {
    const { issues, files } = await loaderOf({}).load();
    expect(issues.map(summary)).toEqual(['CH1001 : this file cannot be read: it does not exist']);
    expect(files).toEqual(['/etc/chancery/gateway.yaml']);
  });

  it('with anchors and aliases is read, and keeps its entries when another line changes', async () => {
    const text = `${HEAD}services:\n  a: {endpoints: &e ["a:80"]}\n  b: {endpoints: *e}\n`;
    const { files, load } = loaderOf({ 'gateway.yaml': text });
    const first = (await load()).config;
    expect(first?.services['b']).toEqual(first?.services['a']);
    files.set('gateway.yaml', text.replace('gateway: edge', 'gateway: other'));
    expect((await load()).config?.services['b']).toBe(first?.services['b']);
  });

  it('warns of what YAML 1.1 reads otherwise, and is good all the same (C8)', async () => {
    const { issues, config } = await loadText(
      `${HEAD}services: {no: {endpoints: []}}\nroutes: [{name: r, respond: {status: 200, body: on}, requestHeaders: {set: {a: 2026-01-01, c: 10:30, d: 1_000, b: "off"}}, priority: 010}]\n`,
    );
    expect(issues.map(({ code, severity, message }) => `${severity} ${code} ${message}`)).toEqual([
      'warning CH1009 other YAML readers take no for true or false; here it is text',
      'warning CH1009 other YAML readers take on for true or false; here it is text',
      'warning CH1009 other YAML readers take 2026-01-01 for a date or time; here it is text',
      'warning CH1009 other YAML readers take 10:30 for a date or time; here it is text',
      'warning CH1009 other YAML readers take 1_000 for another number; here it is text',
      'warning CH1009 other YAML readers take 010 for another number; here it is the number 10',
    ]);
    expect(config).toBeDefined();
  });
});
