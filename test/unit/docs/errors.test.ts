// docs/errors.md and the tables of codes hold each other (O5): every code has a section with cause, example and cure, and no section more.
// UPDATE_GOLDENS=1 writes the sections of issues anew from their tables; those of failures are written by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PIPELINE_ISSUE_CODES } from '../../../src/build/issue-codes.ts';
import { FILE_ISSUE_CODES, type IssueCodeDescription } from '../../../src/config/issue-codes.ts';
import { ERROR_CODES } from '../../../src/lib/errors.ts';
import { MODEL_ISSUE_CODES } from '../../../src/model/issue-codes.ts';

const PAGE = path.join(import.meta.dirname, '../../../docs/errors.md');

const described: Readonly<Record<string, IssueCodeDescription>> = { ...FILE_ISSUE_CODES, ...MODEL_ISSUE_CODES };
const titled: Readonly<Record<string, string>> = { ...PIPELINE_ISSUE_CODES, ...ERROR_CODES };

interface Section {
  readonly code: string;
  readonly title: string;
  readonly text: string;
}

function readSections(): readonly Section[] {
  const parts = readFileSync(PAGE, 'utf8').split(/^### /m);
  return parts.slice(1).map((part) => {
    const [, code = '', title = ''] = /^(\w+) · (.*)$/m.exec(part) ?? [];
    return { code, title, text: part.replace(/^(?:## |<!--)[^]*/m, '').trimEnd() };
  });
}

function render(code: string, { title, cause, example, cure }: IssueCodeDescription): string {
  return `${code} · ${title}\n\n${cause}\n\n${block('Mistake', example)}\n\n${block('Cure', cure)}`;
}

function block(word: string, text: string): string {
  return `${word}:\n\n\`\`\`\n${text}\n\`\`\``;
}

describe('docs/errors.md', () => {
  if (process.env['UPDATE_GOLDENS'] === '1') {
    const page = readFileSync(PAGE, 'utf8');
    const kept = page.split('<!-- issues -->')[0] ?? '';
    const failures = page.split('<!-- failures -->')[1] ?? '';
    const issues = Object.entries(described).map(([code, description]) => `### ${render(code, description)}\n`);
    writeFileSync(PAGE, `${kept}<!-- issues -->\n\n${issues.join('\n')}\n<!-- failures -->${failures}`);
  }

  const sections = readSections();

  it('has a section for every code, once, and for no other', () => {
    expect(sections.map(({ code }) => code)).toEqual([...Object.keys(described), ...Object.keys(titled)]);
  });

  it.each(sections.filter(({ code }) => code in described))('says of $code what its table says', ({ code, text }) => {
    const description = described[code];
    expect(text).toBe(description === undefined ? '' : render(code, description));
  });

  it.each(sections.filter(({ code }) => code in titled))('says of $code what happened, why, and what to do', ({ code, title, text }) => {
    expect(title).toBe(titled[code]);
    expect(text).toMatch(/^Mistake:$/m);
    expect(text).toMatch(/^Cure:$/m);
  });
});
