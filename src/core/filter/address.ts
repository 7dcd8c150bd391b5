/**
 * IP addresses and networks (CIDR), both families. An IPv4 address written inside IPv6 (`::ffff:10.0.0.1`) is the
 * IPv4 address; otherwise a network contains only addresses of its own family.
 */

/** An address as 16-bit groups, the highest first: two for IPv4, eight for IPv6. */
export type Address = readonly number[];

export interface Network {
  readonly base: Address;
  /** Leading bits that an address must share. */
  readonly prefix: number;
}

/** Null for a text that is no address (leading zeros, zone ids and ports make it none). */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) return parseIpv4(text);
  const groups = parseIpv6(text);
  if (groups === null) return null;
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? groups.slice(6) : groups;
}

/** A network, or a sentence saying why the text is none. An address alone is the network of just itself. */
export function parseNetwork(text: string): Network | { readonly problem: string } {
  const [addressText = '', prefixText, ...more] = text.split('/');
  const base = parseAddress(addressText);
  if (base === null || more.length > 0) return { problem: 'is no IPv4 or IPv6 network' };
  const bits = base.length * 16;
  const written = addressText.includes(':') ? 128 : 32;
  const prefix = prefixText === undefined ? bits : networkPrefix(prefixText, written, bits);
  if (prefix === null) return { problem: `needs a prefix length from 0 to ${written} after the slash` };
  const start = maskAddress(base, prefix);
  if (start.some((group, i) => group !== base[i])) {
    return { problem: `has bits set behind its prefix; the network starts at ${formatAddress(start)}` };
  }
  return { base, prefix };
}

/** The prefix among the bits of the family in use; an IPv4 network written inside IPv6 loses its leading 96. */
function networkPrefix(text: string, written: number, bits: number): number | null {
  if (!/^[0-9]{1,3}$/.test(text) || Number(text) > written) return null;
  return Math.max(0, Number(text) - (written - bits));
}

/** The usual notation: dots for IPv4, uncompressed groups for IPv6. */
function formatAddress(address: Address): string {
  if (address.length === 8) return address.map((group) => group.toString(16)).join(':');
  return address.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}

export function formatNetwork(network: Network): string {
  return `${formatAddress(network.base)}/${network.prefix}`;
}

export function networkContains(network: Network, address: Address): boolean {
  if (address.length !== network.base.length) return false;
  return network.base.every((group, i) => group === ((address[i] ?? 0) & groupMask(network.prefix, i)));
}

function maskAddress(address: Address, prefix: number): Address {
  return address.map((group, i) => group & groupMask(prefix, i));
}

function groupMask(prefix: number, group: number): number {
  const bits = Math.min(16, Math.max(0, prefix - group * 16));
  return (0xffff << (16 - bits)) & 0xffff;
}

const ipv4 = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/;

function parseIpv4(text: string): Address | null {
  const [, a, b, c, d] = ipv4.exec(text)?.map(Number) ?? [];
  if (a === undefined || b === undefined || c === undefined || d === undefined) return null;
  return a > 255 || b > 255 || c > 255 || d > 255 ? null : [(a << 8) | b, (c << 8) | d];
}

function parseIpv6(text: string): Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head = null, tail = null] = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  if (head === null) return null;
  if (halves.length === 1) return head.length === 8 ? head : null;
  if (tail === null || head.length + tail.length > 7) return null;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const embedded = mayEndInIpv4 && i === parts.length - 1 ? parseIpv4(part) : null;
    if (embedded !== null) groups.push(...embedded);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}
