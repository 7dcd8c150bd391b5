/**
 * IP networks as regular expressions over addresses' texts: exactly the texts that core/filter/address.ts reads as
 * an address of the network, in all their notations. Splunk's own `cidrmatch` knows some of them only.
 */
import { type Network, parseNetwork } from '../../src/core/filter/address.ts';
import { END } from './regex.ts';

const GROUPS = 8;
const HEX = '[0-9a-fA-F]';
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';

/** One expression that must match, and one that must not (null: none). */
export interface NetworkRegex {
  readonly inside: string;
  readonly outside: string | null;
}

export function networkRegex(cidr: string): NetworkRegex {
  const network = parseNetwork(cidr);
  if ('problem' in network) throw new Error(`"${cidr}" ${network.problem}`);
  if (network.base.length === 2) {
    return { inside: `^(?:${ipv4(network)}|${ipv6(mapped(network))})${END}`, outside: null };
  }
  // An IPv4 address written inside IPv6 is no member of an IPv6 network.
  const holdsMapped = MAPPED.base.every(
    (group, i) => (group & groupMask(network.prefix, i)) === network.base[i],
  );
  const inside = `^(?:${ipv6(network)})${END}`;
  return { inside, outside: holdsMapped && network.prefix <= 96 ? `^(?:${ipv6(MAPPED)})${END}` : null };
}

const MAPPED: Network = { base: [0, 0, 0, 0, 0, 0xffff, 0, 0], prefix: 96 };

function mapped({ base, prefix }: Network): Network {
  return { base: [0, 0, 0, 0, 0, 0xffff, ...base], prefix: 96 + prefix };
}

function groupMask(prefix: number, group: number): number {
  const bits = Math.min(16, Math.max(0, prefix - group * 16));
  return (0xffff << (16 - bits)) & 0xffff;
}

/** The lowest and the highest value of a group within the network. */
function rangeOf({ base, prefix }: Network, group: number): readonly [number, number] {
  const low = base[group] ?? 0;
  return [low, low | (~groupMask(prefix, group) & 0xffff)];
}

function ipv4(network: Network): string {
  return octets(
    [0, 1].flatMap((group) => {
      const [low, high] = rangeOf(network, group);
      return [[low >> 8, high >> 8] as const, [low & 0xff, high & 0xff] as const];
    }),
  );
}

function octets(ranges: readonly (readonly [number, number])[]): string {
  return ranges.map(([low, high]) => decimal(low, high)).join('\\.');
}

/** Ranges of a prefix begin at a multiple of their size: a full octet, or a list short enough to be written out. */
function decimal(low: number, high: number): string {
  if (low === high) return String(low);
  if (high - low === 255) return OCTET;
  return `(?:${Array.from({ length: high - low + 1 }, (_, i) => low + i).join('|')})`;
}

/** Every way to write the addresses: with each run of zero groups left out, and with the last two as IPv4. */
function ipv6(network: Network): string {
  const groups = Array.from({ length: GROUPS }, (_, group) => hexGroup(...rangeOf(network, group)));
  const tail = ipv4({ base: network.base.slice(6), prefix: Math.max(0, network.prefix - 96) });
  const forms = [groups.join(':'), [...groups.slice(0, 6), tail].join(':')];
  const mayBeZero = Array.from({ length: GROUPS }, (_, group) => network.base[group] === 0);
  for (let from = 0; from < GROUPS; from += 1) {
    for (let to = from + 1; to <= GROUPS && mayBeZero[to - 1] === true; to += 1) {
      const head = groups.slice(0, from).join(':');
      forms.push(`${head}::${groups.slice(to).join(':')}`);
      if (to <= 6) forms.push(`${head}::${[...groups.slice(to, 6), tail].join(':')}`);
    }
  }
  return [...new Set(forms)].join('|');
}

/** One to four hexadecimal digits with a value in the range, whose size is a power of two. */
function hexGroup(low: number, high: number): string {
  if (high - low === 0xffff) return `${HEX}{1,4}`;
  const size = high - low + 1;
  const free = Math.floor(Math.log2(size) / 4);
  const unit = 16 ** free;
  const leads = Array.from({ length: size / unit }, (_, i) => Math.floor(low / unit) + i);
  return `(?:${leads.map((lead) => withFree(lead, free)).join('|')})`;
}

/** A value's leading digits, then so many that may be any; leading zeros may be left out or written. */
function withFree(lead: number, free: number): string {
  if (lead === 0) {
    const zeros = 4 - free;
    return free === 0 ? '0{1,4}' : `0{0,${zeros}}${HEX}{1,${free}}`;
  }
  const digits = lead.toString(16);
  const zeros = 4 - free - digits.length;
  const written = Array.from(digits, (digit) =>
    /[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit,
  ).join('');
  return `${zeros > 0 ? `0{0,${zeros}}` : ''}${written}${free > 0 ? `${HEX}{${free}}` : ''}`;
}
