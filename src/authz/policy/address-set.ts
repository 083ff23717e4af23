// Addresses in CIDR blocks (M9), looked up by halving: blocks become ranges that do not overlap. v4-mapped addresses are unwrapped.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { PolicyProblem } from './field-checks.ts';

/** Family and address as text that compares like the numbers: `4` and 8, or `6` and 32 hexadecimal digits. */
type AddressKey = string;

export class AddressSet {
  readonly #starts: readonly AddressKey[];
  readonly #ends: readonly AddressKey[];

  /** Throws PolicyProblem for what is no block, or has bits after its prefix. */
  constructor(cidrs: readonly string[]) {
    const ranges = cidrs.map(rangeOf).sort((left, right) => (left.start < right.start ? -1 : left.start > right.start ? 1 : 0));
    const starts: AddressKey[] = [];
    const ends: AddressKey[] = [];
    for (const { start, end } of ranges) {
      const last = ends.at(-1);
      if (last === undefined || start > last) {
        starts.push(start);
        ends.push(end);
      } else if (end > last) ends[ends.length - 1] = end;
    }
    this.#starts = starts;
    this.#ends = ends;
  }

  has(address: AddressKey): boolean {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? '') <= address) low = middle + 1;
      else high = middle - 1;
    }
    return high >= 0 && address <= (this.#ends[high] ?? '');
  }
}

/** Undefined for what is no address; zones (`fe80::1%eth0`) are none. */
export function addressKey(text: string): AddressKey | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  return keyOf(ipaddr.process(text).toByteArray());
}

function keyOf(bytes: readonly number[]): AddressKey {
  return `${bytes.length === 4 ? '4' : '6'}${Buffer.from(bytes).toString('hex')}`;
}

function rangeOf(cidr: string): { readonly start: AddressKey; readonly end: AddressKey } {
  const [text = '', length = '', ...rest] = cidr.split('/');
  const address = isIP(text) === 0 || rest.length > 0 ? undefined : ipaddr.process(text);
  const bytes = address?.toByteArray() ?? [];
  const mapped = isIP(text) === 6 && bytes.length === 4 ? 96 : 0;
  const prefix = Number(length) - mapped;
  if (address === undefined || !/^\d{1,3}$/.test(length) || prefix < 0 || prefix > bytes.length * 8)
    throw new PolicyProblem('cidrs', 'holds no CIDR block');
  const last = bytes.map((byte, index) => {
    const free = 0xff >> Math.min(8, Math.max(0, prefix - index * 8));
    if ((byte & free) !== 0) throw new PolicyProblem('cidrs', 'holds a block with bits after its prefix (M9)');
    return byte | free;
  });
  return { start: keyOf(bytes), end: keyOf(last) };
}
