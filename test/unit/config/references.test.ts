import { describe, expect, it } from 'vitest';
import { parseReferences } from '../../../src/config/references.ts';
import { HEAD, loaderOf, loadText, placeOf, summary } from './support.ts';

const ENV = { HOST: 's.internal', PORT: '8080', EMPTY: '', JSON: '${env:HOST}' };

describe('a reference (C6)', () => {
  it.each([
    ['plain', ['plain']],
    ['${env:A}', [{ kind: 'env', name: 'A' }]],
    ['${env:A:-b c}', [{ kind: 'env', name: 'A', fallback: 'b c' }]],
    ['${env:A:-}', [{ kind: 'env', name: 'A', fallback: '' }]],
    ['x${file:a/b.txt}y${env:B}', ['x', { kind: 'file', path: 'a/b.txt' }, 'y', { kind: 'env', name: 'B' }]],
    ['$${env:A}', ['${', 'env:A}']],
    ['a$$b $x', ['a$$b $x']],
  ])('is read: %s', (text, parts) => {
    expect(parseReferences(text)).toEqual({ ok: true, value: parts });
  });

  it.each([
    ['${A}', '${A} is not a reference', 'did you mean ${env:A}?'],
    ['${env:a-b}', '${env:a-b} is not a reference', expect.stringContaining('known are')],
    ['${file:}', '${file:} is not a reference', expect.stringContaining('known are')],
    ['${vault:x}', '${vault:x} is not a reference', expect.stringContaining('known are')],
    ['a ${env:A', 'a reference ${… is not closed', expect.stringContaining('known are')],
  ])('is refused where it is malformed: %s', (text, message, help) => {
    expect(parseReferences(text)).toEqual({ ok: false, problem: { code: 'CH1022', message, help } });
  });

  it('is replaced in values after YAML is read, so what it stands for is never YAML', async () => {
    const text = `${HEAD}services: {s: {endpoints: ["\${env:HOST}:\${env:PORT}"], circuitBreaker: {maxRequests: "\${env:PORT}"}}}
routes: [{name: r, respond: {status: 200, body: "\${env:JSON} $\${env:HOST} \${env:NONE:-a: [b]}"}}]\n`;
    const { issues, config } = await loadText(text, ENV);
    expect(issues).toEqual([]);
    expect(config?.services['s']).toEqual({
      endpoints: [{ kind: 'dns', host: 's.internal', port: 8080 }],
      circuitBreaker: { maxRequests: 8080 },
    });
    expect(config?.routes[0]?.respond?.body).toBe('${env:HOST} ${env:HOST} a: [b]');
  });

  it('takes its default for an empty variable, and gives the empty text without one', async () => {
    const text = `${HEAD}routes: [{name: r, respond: {status: 200, body: "[\${env:EMPTY}] [\${env:EMPTY:-x}]"}}]\n`;
    expect((await loadText(text, ENV)).config?.routes[0]?.respond?.body).toBe('[] [x]');
  });

  it('to a missing variable is an error at its place, and the rest is checked all the same (C3)', async () => {
    const outcome = await loadText(`${HEAD}services: {s: {endpoints: ["\${env:NONE}:80"], connectTimeout: 5}}\n`);
    expect(outcome.issues.map(summary)).toEqual([
      'CH1020 services.s.endpoints.0: the environment variable NONE is not set',
      'CH1108 services.s.connectTimeout: 5 has no unit',
    ]);
    expect(placeOf(outcome)).toBe('gateway.yaml:3:28+16');
  });

  it('in a key is refused', async () => {
    const { issues } = await loadText(`${HEAD}services: {"\${env:HOST}": {endpoints: ["s:80"]}}\n`, ENV);
    expect(issues.map(summary)).toEqual(['CH1022 : references are replaced in values, never in keys']);
  });

  it('shows itself in messages, never what it stands for (C7)', async () => {
    const { issues } = await loadText(
      `${HEAD}routes: [{name: r, respond: {status: 200}, timeout: "\${env:JSON}", hostnames: ["\${env:PORT} x"]}]\n`,
      {
        JSON: 'hunter2',
        PORT: 'hunter3',
      },
    );
    expect(issues.map(summary)).toEqual([
      'CH1112 routes.r.hostnames.0: "${env:PORT} x" is not a host name',
      'CH1108 routes.r.timeout: "${env:JSON}" is not a duration',
    ]);
    expect(JSON.stringify(issues)).not.toContain('hunter');
  });

  it('to a file is relative to the file that names it, without the last line break', async () => {
    const { load } = loaderOf({
      'gateway.yaml': `${HEAD}include: [teams/a.yaml]\nroutes: [{name: r, respond: {status: 200, body: "\${file:body.txt}"}}]\n`,
      'teams/a.yaml': 'routes: [{name: a, respond: {status: 200, body: "${file:body.txt}"}}]\n',
      'body.txt': 'root\n',
      'teams/body.txt': 'team\r\n',
    });
    const { config, files } = await load();
    expect(config?.routes.map(({ respond }) => respond?.body)).toEqual(['root', 'team']);
    expect(files).toEqual([
      '/etc/chancery/gateway.yaml',
      '/etc/chancery/teams/a.yaml',
      '/etc/chancery/body.txt',
      '/etc/chancery/teams/body.txt',
    ]);
  });

  it.each([
    ['that is missing', {}, 'the file "x.txt" cannot be read: it does not exist'],
    ['that is a directory', { 'x.txt/y': '' }, 'the file "x.txt" cannot be read: it is a directory'],
    ['that is no text', { 'x.txt': Buffer.from([0xff, 0x00]) }, 'the file "x.txt" cannot be read: it is not UTF-8 text'],
    ['that is too large', { 'x.txt': 'x'.repeat(1_048_577) }, 'the file "x.txt" cannot be read: it has 1 MiB, and 1 MiB is the limit'],
  ])('to a file %s is an error, and the file is watched', async (_what, files, message) => {
    const text = `${HEAD}routes: [{name: r, respond: {status: 200, body: "\${file:x.txt}"}}]\n`;
    const outcome = await loaderOf({ 'gateway.yaml': text, ...files }).load();
    expect(outcome.issues.map(summary)).toEqual([`CH1021 routes.r.respond.body: ${message}`]);
    expect(outcome.files).toContain('/etc/chancery/x.txt');
  });

  it('gives a new entry when what it stands for changes, and only then (P2)', async () => {
    const { files, load } = loaderOf({
      'gateway.yaml': `${HEAD}routes:\n  - {name: a, respond: {status: 200, body: "\${file:a.txt}"}}\n  - {name: b, respond: {status: 200, body: b}}\n`,
      'a.txt': 'one',
    });
    const first = (await load()).config;
    files.set('a.txt', 'two');
    const second = (await load()).config;
    expect(second?.routes[0]?.respond?.body).toBe('two');
    expect(second?.routes[0]).not.toBe(first?.routes[0]);
    expect(second?.routes[1]).toBe(first?.routes[1]);
    files.set('a.txt', 'two\n');
    expect((await load()).config?.routes[0]).toBe(second?.routes[0]);
  });
});
