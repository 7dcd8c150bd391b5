/** `cidrmatch`: whether an address lies in a network, IPv4 or IPv6. */
import { BlockList, isIP } from 'node:net';
import { SplError } from './value.ts';

const lists = new Map<string, BlockList>();

export function inNetwork(network: string, address: string): boolean {
  const kind = isIP(address);
  if (kind === 0) return false;
  return listOf(network).check(address, kind === 6 ? 'ipv6' : 'ipv4');
}

/** `10.0.0.0/8`, `fe80::/10`. */
export function isNetwork(text: string): boolean {
  const [base = '', bits, more] = text.split('/');
  return more === undefined && /^\d{1,3}$/.test(bits ?? '') && isIP(base) !== 0;
}

function listOf(network: string): BlockList {
  const known = lists.get(network);
  if (known !== undefined) return known;
  const [base = '', bits] = network.split('/');
  const kind = isIP(base);
  if (kind === 0)
    throw new SplError(
      'failure',
      `Error in 'EvalCommand': The arguments to the 'cidrmatch' function are invalid.`,
    );
  const list = new BlockList();
  const family = kind === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(base, bits === undefined ? (kind === 6 ? 128 : 32) : Number(bits), family);
  lists.set(network, list);
  return list;
}
