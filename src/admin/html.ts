// Pieces of HTML. Every value from outside goes through `escape`.

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

export type Mark = 'good' | 'wait' | 'bad';

/** `html` is not escaped. */
export function marked(mark: Mark, html: string): string {
  return `<span class="${mark}">${html}</span>`;
}

export function code(text: string | undefined): string {
  return text === undefined ? '' : `<code>${escape(text)}</code>`;
}

/** Cells are HTML. `empty` stands in the place of a table without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `<p>${empty}</p>`;
  const header = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${header}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
