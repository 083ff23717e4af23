// Characters that Envoy refuses in headers, paths and names, and that split a line of a log.

/** C0 controls and DEL; a tab is harmless and passes. */
export function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}
