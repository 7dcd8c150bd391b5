/** What every tool of the comparison is given, and what it must tell. */
import type { CountingProxy, Traffic } from '../parts/proxy.ts';

export interface Rule {
  readonly name: string;
  readonly terms: Readonly<Record<string, string>>;
}

export interface PeerInput {
  readonly proxy: CountingProxy;
  readonly index: string;
  readonly rules: readonly Rule[];
  readonly windowMs: number;
  /** Its own, and empty. */
  readonly folder: string;
}

export interface PeerRun {
  readonly name: string;
  readonly traffic: Traffic;
  /** One cycle: of clause9 and `_msearch` all of it, of the others from the first request to the last answer. */
  readonly wallMs: number;
  readonly cpuMs: number;
  /** From starting the program to its last answer; null: it has no process of its own. */
  readonly process: { readonly wallMs: number; readonly cpuMs: number } | null;
  /** By the rule's name. */
  readonly counts: ReadonlyMap<string, number>;
}

export const queryOf = ({ terms }: Rule) =>
  Object.entries(terms).map(([field, value]) => ({ term: { [field]: value } }));

/** Numbers that stand in a text, by rule: the pattern's first group is the rule, the second its count. */
export function countsIn(text: string, pattern: RegExp): Map<string, number> {
  return new Map([...text.matchAll(pattern)].map(([, name = '', count]) => [name, Number(count)]));
}
