// Whether an address may be asked: https, or http on this machine for development (authz J1).
import type { ConfigPath } from '../../lib/issue.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { errorAt, type Report, warningAt } from '../issue.ts';

/** Tells of plain text; `text` is a whole address. */
export function checkWebAddress(text: string, path: ConfigPath, report: Report): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return;
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (url?.protocol === 'http:' && isLoopback(host)) {
    report(
      warningAt(path, 'CH2808', {
        message: 'http is asked with --dev only, and on this machine only',
        label: 'without TLS',
        help: 'write https:// for everything but development',
      }),
    );
    return;
  }
  report(
    errorAt(path, 'CH2808', {
      message: url === undefined ? `"${text}" is no web address` : `${text} is not encrypted: whoever is on the way could send other keys`,
      help: 'it must begin with https://',
    }),
  );
}
