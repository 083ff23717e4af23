// What somebody else wrote (an Envoy, a client), as lines of our own. Pure.

/** Each line two characters in; nothing at the ends; control characters are shown, not obeyed. Ends with a line break. */
export function messageLines(message: string): string {
  const lines = message.trim().split(/\s*\n\s*/);
  return lines.map((line) => `  ${withoutControls(line)}\n`).join('');
}

/** As one line. */
export function messageLine(message: string): string {
  return withoutControls(message.trim().replaceAll(/\s*\n\s*/g, ' · '));
}

function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}
