import { describe, expect, it } from 'vitest';
import { formatIssues, issuesToJson } from '../../../src/config/diagnostics.ts';
import { displayWidth } from '../../../src/config/display-width.ts';
import { NO_POSITIONS } from '../../../src/config/source.ts';
import type { Issue } from '../../../src/lib/issue.ts';
import { HEAD, loaderOf, loadText, ROOT } from './support.ts';

async function print(text: string, cwd = ROOT): Promise<string> {
  const { issues, positions } = await loadText(text);
  return formatIssues(issues, positions, { color: false, cwd });
}

const ISSUE: Issue = { code: 'CH9999', severity: 'error', message: 'no', path: [] };

describe('formatIssues (operating.md §2)', () => {
  it('prints code, place, what it belongs to, the line with a caret, help and a count', async () => {
    expect(await print(`${HEAD}routes:\n  - name: list-orders\n    respond: {status: 200}\n    timeout: 3\n`)).toBe(
      [
        'error[CH1108]: 3 has no unit',
        ' --> gateway.yaml:6:14        (route list-orders)',
        '  |',
        '6 |     timeout: 3',
        '  |              ^',
        '  = help: did you mean 3s? units are ms, s, m, h and d',
        '',
        '1 error, 0 warnings',
        '',
      ].join('\n'),
    );
  });

  it('sorts by file and line, and says where related things are', async () => {
    const { load } = loaderOf({
      'gateway.yaml': `${HEAD}include: [b.yaml]\nservices: {s: {endpoints: []}}\nroutes: [{name: r, respond: {status: 1}}]\n`,
      'b.yaml': 'services: {s: {endpoints: []}}\n',
    });
    const { issues, positions } = await load();
    const text = formatIssues(issues.toReversed(), positions, { color: false, cwd: ROOT });
    expect(text.match(/--> \S+/g)).toEqual(['--> b.yaml:1:12', '--> gateway.yaml:5:38']);
    expect(text).toContain('  = note: first here (gateway.yaml:4:12)\n');
    expect(text).toMatch(/\n2 errors, 0 warnings\n$/);
  });

  it('prints nothing where there is nothing to say', () => {
    expect(formatIssues([], NO_POSITIONS, { color: false })).toBe('');
  });

  it('counts warnings apart', async () => {
    expect(await print(`${HEAD}routes: [{name: r, respond: {status: 1, body: on}}]\n`)).toMatch(/\n1 error, 1 warning\n$/);
  });

  it('prints an issue without a place, and one in a file that was not read', () => {
    expect(formatIssues([ISSUE], NO_POSITIONS, { color: false })).toBe('error[CH9999]: no\n\n1 error, 0 warnings\n');
    const position = { file: '/x/y.yaml', line: 3, column: 4, length: 1 };
    expect(formatIssues([{ ...ISSUE, position }], NO_POSITIONS, { color: false, cwd: '/z' })).toContain('\n --> /x/y.yaml:3:4\n');
  });

  it('colours only when asked', async () => {
    const { issues, positions } = await loadText('version: v2\n');
    expect(formatIssues(issues, positions, { color: false })).not.toContain('\u001b');
    expect(formatIssues(issues, positions, { color: true })).toContain('\u001b[');
  });

  it('puts carets under wide characters, combined ones and behind tabs', async () => {
    const lines = (await print(`${HEAD}routes: [{name: r, respond: {status: 200, body: 日本 e\u0301 🎉}, timeout: "日本"}]\n`)).split('\n');
    expect(displayWidth(lines[3]?.slice(0, lines[3].indexOf('"日本"')) ?? '')).toBe(lines[4]?.indexOf('^'));
    expect(lines[4]).toMatch(/\^{6}$/);
    const tabbed = (await print(`${HEAD}defaults: {timeout:\t3}\n`)).split('\n');
    expect(tabbed[3]).toBe('3 | defaults: {timeout:    3}');
    expect(tabbed[4]?.indexOf('^')).toBe(tabbed[3]?.indexOf('3}'));
  });

  it('shows a long line around its mistake only', async () => {
    const long = 'x'.repeat(5000);
    const text = await print(
      `${HEAD}routes: [{name: r, respond: {status: 200, body: ${long}}, timeout: 3, requestHeaders: {set: {a: ${long}}}}]\n`,
    );
    expect(text.length).toBeLessThan(700);
    expect(text).toMatch(/\| …x{50,}.*timeout: 3, .*…\n/);
  });

  it('never sends control characters of a file to the terminal', async () => {
    const text = await print(`${HEAD}"gate\\e[31mway\\u202e": "\u001b[31m"\nroutes: [{name: "\\e[2J", respond: {status: 200}}]\n`);
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
  });
});

describe('a key in the files (C7)', () => {
  const SECRET = 'c2VjcmV0LWtleS1tYXRlcmlhbA';
  const PEM = ['-----BEGIN PRIVATE KEY-----', `${SECRET}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`, SECRET, '-----END PRIVATE KEY-----'];

  it.each([
    ['in a flow map', `certificates: {c: {cert: 5, key: "${SECRET}", x: 1}}\n`],
    ['in quotes of the other kind', `certificates: {c: {'key': '${SECRET}', x: 1}}\n`],
    ['without quotes', `certificates:\n  c:\n    key: ${SECRET}\n    cert: "x"\n`],
    ['as a list item', `listeners: {h: {port: 1, tls: {certificates: [{key: ${SECRET}, crt: x}]}}}\n`],
    ['as a block', `certificates:\n  c:\n    cert: x\n    key: |\n${PEM.map((line) => `      ${line}\n`).join('')}`],
    ['as a block at a wrong place', `certificates:\n  c:\n    cert: x\n    kye: |\n${PEM.map((line) => `      ${line}\n`).join('')}`],
    ['as a block with a syntax mistake', `certificates:\n  c:\n    key: |\n${PEM.map((line) => `      ${line}\n`).join('')}   x\n`],
    ['with a quote that is not closed', `certificates:\n  c: {cert: x, key: "${SECRET}}\n`],
    ['in place of a certificate', `certificates:\n  c: "${PEM.join('\\n')}"\n`],
  ])('is never printed: %s', async (_what, text) => {
    const { issues, positions } = await loadText(`${HEAD}${text}`);
    expect(issues.length).toBeGreaterThan(0);
    for (const line of Array.from({ length: 12 }, (_, index) => index + 1)) {
      const position = { file: `${ROOT}/gateway.yaml`, line, column: 1, length: 200 };
      expect(formatIssues([...issues, { ...ISSUE, position }], positions, { color: false })).not.toContain(SECRET);
    }
    expect(JSON.stringify(issuesToJson(issues, positions))).not.toContain(SECRET);
  });

  it('that is a reference is shown', async () => {
    expect(await print(`${HEAD}certificates: {c: {key: "\${file:certs/x.key}", cert: "${PEM[0]}"}}\n`)).toContain(
      'key: "${file:certs/x.key}"',
    );
  });
});

describe('issuesToJson', () => {
  it('gives the same issues with their places as data', async () => {
    const { issues, positions } = await loadText(`${HEAD}routes: [{name: r, respond: {status: 200}, timeout: 3}]\n`);
    expect(issuesToJson(issues, positions)).toEqual([
      {
        code: 'CH1108',
        severity: 'error',
        message: '3 has no unit',
        path: ['routes', 'r', 'timeout'],
        file: `${ROOT}/gateway.yaml`,
        line: 3,
        column: 53,
        length: 1,
        help: 'did you mean 3s? units are ms, s, m, h and d',
      },
    ]);
  });
});
