// Host names as they are sent to others: in SNI, Host and SAN checks, never with the final dot of an absolute DNS name (B23).

/** `orders.internal.` → `orders.internal`. */
export function withoutFinalDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** `10.0.0.1` and `::1` are addresses; a name is not. */
export function isIpAddress(text: string): boolean {
  return text.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
}

/** A host and a port as one writes them in a URL: IPv6 in brackets. */
export function authorityOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
