/** Addresses as the servers write them (RFC 5952), so that a text can be compared with what they hold. */
import type { Address } from '../../../src/core/filter/address.ts';

export function addressText(address: Address): string {
  if (address.length === 2) return address.flatMap((group) => [group >> 8, group & 0xff]).join('.');
  const groups = address.map((group) => group.toString(16));
  const [start, length] = longestZeros(address);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** The first of the longest runs of zeros: where it starts, and how long it is. */
function longestZeros(address: Address): readonly [number, number] {
  let [best, length] = [0, 0];
  for (let start = 0; start < address.length; start++) {
    let end = start;
    while (address[end] === 0) end++;
    if (end - start > length) [best, length] = [start, end - start];
  }
  return [best, length];
}
