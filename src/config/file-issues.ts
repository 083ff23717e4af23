// What is wrong with a file as such, as Issues with places in it: reading it, its YAML, its layout.
import type { Issue } from '../lib/issue.ts';
import type { SourceFile } from './source.ts';
import { createSourceText } from './source-text.ts';
import type { UnreadableFile } from './text-file.ts';
import type { TextProblem } from './yaml-document.ts';

/** Problems of the text, in its order. */
export function fileIssues(file: SourceFile, isRoot: boolean): readonly Issue[] {
  const { parsed } = file;
  if (parsed.problems.length === 0) {
    const isEmpty = isRoot && parsed.sections.length === 0 && (parsed.whole?.block.fragments.length ?? 0) === 0;
    return isEmpty ? [emptyFile(file)] : [];
  }
  const source = createSourceText(file.path, parsed.text);
  return parsed.problems.map((problem) => textIssue(problem, (start, end) => source.position(start, end)));
}

/** The issue for a file that could not be read at all. */
export function unreadableIssue(file: string, { reason, message }: UnreadableFile): Issue {
  const code = reason === 'missing' ? 'CH1001' : reason === 'tooLarge' ? 'CH1002' : 'CH1003';
  const help = reason === 'tooLarge' ? 'split it with include' : reason === 'notText' ? 'save it as UTF-8' : undefined;
  const position = { file, line: 1, column: 1, length: 1 };
  return {
    code,
    severity: 'error',
    message: `this file cannot be read: ${message}`,
    path: [],
    position,
    ...(help === undefined ? {} : { help }),
  };
}

function emptyFile({ path }: SourceFile): Issue {
  const help = 'begin with version: v1 and gateway: NAME';
  const position = { file: path, line: 1, column: 1, length: 1 };
  return { code: 'CH1015', severity: 'error', message: 'this file holds no configuration', path: [], position, help };
}

function textIssue(problem: TextProblem, positionOf: (start: number, end: number) => NonNullable<Issue['position']>): Issue {
  const { code, severity, message, start, end, label, help, related } = problem;
  return {
    code,
    severity,
    message,
    path: [],
    position: positionOf(start, end),
    ...(label === undefined ? {} : { label }),
    ...(help === undefined ? {} : { help }),
    ...(related === undefined
      ? {}
      : { related: [{ message: related.message, path: [], position: positionOf(related.start, related.end) }] }),
  };
}
