/**
 * HyperLogLog: how many different texts, from 16,384 registers, within a stated standard error. Flajolet, Fusy,
 * Gandouet, Meunier, "HyperLogLog", 2007. The estimator is Ertl's ("New cardinality estimation algorithms for
 * HyperLogLog sketches", arXiv:1702.01284, algorithm 6): the original's is up to 2.5 % too high around 41,000.
 */
import { md5 } from '@noble/hashes/legacy.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

const PRECISION = 14;
const REGISTERS = 2 ** PRECISION;
/** A register is computed from the first 64 bits of a hash: what the index leaves, and one for none set. */
const RANKS = 64 - PRECISION + 1;

/** Of an estimate, relative: 1.04/√m (Flajolet et al. 2007). About two in three estimates are nearer than this. */
export const HLL_STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);

export type Registers = Uint8Array;

export function emptyRegisters(): Registers {
  return new Uint8Array(REGISTERS);
}

/**
 * Counts a text in. From the first 64 bits of the md5 of its UTF-8, most significant first: 14 bits are the
 * register's index; the number of zeros that the other 50 begin with, plus one, is its rank.
 */
export function addText(registers: Registers, text: string): void {
  const hash = md5(utf8ToBytes(text));
  const view = new DataView(hash.buffer, hash.byteOffset, 8);
  const [high, low] = [view.getUint32(0), view.getUint32(4)];
  const index = high >>> (32 - PRECISION);
  const rest = (high << PRECISION) >>> 0;
  const zeros = rest !== 0 ? Math.clz32(rest) : 32 - PRECISION + Math.clz32(low);
  raise(registers, index, zeros + 1);
}

function raise(registers: Registers, index: number, rank: number): void {
  if (rank > (registers[index] ?? 0)) registers[index] = rank;
}

/** Counts in all that the other ones counted. */
export function addRegisters(registers: Registers, others: Registers): void {
  for (let index = 0; index < REGISTERS; index++) raise(registers, index, others[index] ?? 0);
}

/** The estimated number of different texts. */
export function estimate(registers: Registers): number {
  const counts = new Array<number>(RANKS + 1).fill(0);
  for (const rank of registers) counts[rank] = (counts[rank] ?? 0) + 1;
  const share = (rank: number): number => (counts[rank] ?? 0) / REGISTERS;
  let z = tau(1 - share(RANKS));
  for (let rank = RANKS - 1; rank >= 1; rank--) z = (z + share(rank)) / 2;
  z += sigma(share(0));
  return REGISTERS / (2 * Math.LN2) / z;
}

/** x + Σ x^(2^k)·2^(k−1), which corrects for registers still empty. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z, before] = [share, 1, share, -1];
  while (z !== before) {
    before = z;
    x *= x;
    z += x * y;
    y += y;
  }
  return z;
}

/** ⅓·(1 − x − Σ (1 − x^(2^−k))²·2^−k), which corrects for registers that are full. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z, before] = [share, 1, 1 - share, -1];
  while (z !== before) {
    before = z;
    x = Math.sqrt(x);
    y /= 2;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

// A register's rank fits six bits, so base64 writes one character a register.
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES = Uint8Array.from(BASE64, (character) => character.charCodeAt(0));
const RANK_OF = new Uint8Array(128);
for (const [rank, code] of CODES.entries()) RANK_OF[code] = rank;

/** The registers as base64: six bits each, in the order of their index. */
export function encodeRegisters(registers: Registers): string {
  return String.fromCharCode(...registers.map((rank) => CODES[rank] ?? 0));
}

/** Reads what `encodeRegisters` wrote. */
export function decodeRegisters(text: string): Registers {
  const registers = emptyRegisters();
  for (let index = 0; index < REGISTERS; index++) registers[index] = RANK_OF[text.charCodeAt(index)] ?? 0;
  return registers;
}
