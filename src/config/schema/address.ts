// Where something is reached: IP addresses, host names, `host:port`, unix sockets, and the host names that routes serve.
import { isIP } from 'node:net';
import { ok } from '../../lib/result.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';

/** Where an endpoint listens. `ip` and `host` are as written, without brackets, a trailing dot of a host removed (B23). */
export type EndpointAddressConfig =
  | { readonly kind: 'ip'; readonly ip: string; readonly port: number }
  | { readonly kind: 'dns'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
const UNIX_PREFIX = 'unix:';
/** Linux's sockaddr_un, less the final zero. */
const UNIX_PATH_MAX = 107;

/** `host:port`, `1.2.3.4:port`, `[v6]:port` or `unix:/path`. */
export function endpointAddress(): Scalar<EndpointAddressConfig> {
  return scalar(
    { type: 'string', examples: ['orders.internal:8080', '10.0.0.1:8080', '[2001:db8::1]:8080', 'unix:/run/orders.sock'] },
    (value) => {
      if (typeof value !== 'string') return wrongType('an address such as orders.internal:8080', value, 'write host:port');
      return value.startsWith(UNIX_PREFIX) ? parseUnix(value.slice(UNIX_PREFIX.length)) : parseHostPort(value);
    },
  );
}

/** An address to listen on: an IP. */
export function ipAddress(): Scalar<string> {
  return scalar({ type: 'string', examples: ['0.0.0.0', '::'] }, (value) => {
    if (typeof value !== 'string') return wrongType('an IP address', value);
    if (isIP(value) !== 0) return ok(value);
    const help = value === 'localhost' ? 'write 127.0.0.1 or ::1' : 'a listener needs an address of the machine itself, such as 0.0.0.0';
    return wrong('CH1111', '{value} is not an IP address', help);
  });
}

/** One host: a DNS name or an IP, without port and scheme. */
export function host(what = 'a host name'): Scalar<string> {
  return scalar({ type: 'string' }, (value) => {
    if (typeof value !== 'string') return wrongType(what, value);
    if (isIP(value) !== 0 || isDnsName(value)) return ok(withoutFinalDot(value));
    return wrong('CH1112', `{value} is not ${what}`, hostHelp(value));
  });
}

/** What a route serves: a DNS name, `*` or `*.example.com` (any depth). */
export function hostname(): Scalar<string> {
  return scalar({ type: 'string', examples: ['shop.example.com', '*.example.com', '*'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a host name', value);
    const name = value.startsWith('*.') ? value.slice(2) : value;
    if (value === '*' || isIP(value) !== 0 || isDnsName(name)) return ok(withoutFinalDot(value));
    const help = value.includes('*') ? 'a wildcard stands for whole labels at the front: *.example.com' : hostHelp(value);
    return wrong('CH1112', '{value} is not a host name', help);
  });
}

function isDnsName(text: string): boolean {
  const name = withoutFinalDot(text);
  // All digits in the last label is an IPv4 address that went wrong, such as 10.0.0.256.
  return name.length <= 253 && name.split('.').every((label) => LABEL.test(label)) && !/(^|\.)[0-9]+$/.test(name);
}

function withoutFinalDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function hostHelp(value: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return 'leave the scheme out';
  if (value.includes('/')) return 'leave the path out: it belongs in matches';
  if (/:[0-9]+$/.test(value)) return 'leave the port out';
  return undefined;
}

function parseUnix(path: string): ScalarOutcome<EndpointAddressConfig> {
  if (!path.startsWith('/') || path.includes('\0'))
    return wrong('CH1111', '{value} is not the address of a unix socket', 'write unix:/absolute/path');
  if (Buffer.byteLength(path) > UNIX_PATH_MAX) return wrong('CH1111', `the path of a unix socket is at most ${UNIX_PATH_MAX} bytes long`);
  return ok({ kind: 'unix', path });
}

function parseHostPort(value: string): ScalarOutcome<EndpointAddressConfig> {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null) return wrong('CH1111', '{value} is not an address', addressHelp(value));
  if (port < 1 || port > 65_535) return wrong('CH1111', '{value} has no port between 1 and 65535');
  const [, bracketed, plain = ''] = match;
  if (bracketed !== undefined) {
    return isIP(bracketed) === 6 ? ok({ kind: 'ip', ip: bracketed, port }) : wrong('CH1111', '{value} has no IPv6 address in its brackets');
  }
  if (isIP(plain) === 4) return ok({ kind: 'ip', ip: plain, port });
  if (isDnsName(plain)) return ok({ kind: 'dns', host: withoutFinalDot(plain), port });
  return wrong('CH1111', '{value} has no host name or IP address before the port', hostHelp(plain));
}

function addressHelp(value: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return "leave the scheme out: encryption is the service's tls, HTTP/2 its protocol";
  if (isIP(value) === 6) return 'put the IPv6 address in brackets and add a port: [{value}]:8080';
  if (value.startsWith('/')) return 'did you mean unix:{value}?';
  if (value.includes('/')) return 'leave the path out: rewrite it in a route';
  return value.includes(':') ? 'write host:port, and an IPv6 address in brackets' : 'add the port: {value}:8080';
}
