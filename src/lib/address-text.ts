// The written form of a network address.

export type NetworkAddress =
  | { readonly kind: 'ip'; readonly ip: string; readonly port: number }
  | { readonly kind: 'dns'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** `host:port`, `[v6]:port` or `unix:/path`; equal for equal addresses. */
export function addressText(address: NetworkAddress): string {
  switch (address.kind) {
    case 'ip':
      return address.ip.includes(':') ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`;
    case 'dns':
      return `${address.host}:${address.port}`;
    case 'unix':
      return `unix:${address.path}`;
  }
}
