/**
 * The pieces of the filter language, each with tests that show it. Connectors state for each, by a field's type,
 * whether they compile or refuse it; the contract suite tries every statement.
 */
import type { Predicate } from './model.ts';
import { parsePattern } from './pattern.ts';

export interface Piece {
  /** As a person writes it; `f` is the field. */
  readonly name: string;
  readonly examples: readonly Predicate[];
}

const text = (pattern: string, cased = false): Predicate => ({
  kind: 'text',
  pattern: parsePattern(pattern),
  cased,
});
const regex = (source: string, flags = ''): Predicate => ({ kind: 'regex', source, flags });
const compare = (op: 'lt' | 'lte' | 'gt' | 'gte', value: number): Predicate => ({
  kind: 'compare',
  op,
  value,
});

/** `in` is missing: it is joined in clause9, and no source is asked for it. */
export const PIECES: readonly Piece[] = [
  { name: 'f: logon', examples: [text('logon'), text("o'brien")] },
  { name: 'f: "517"', examples: [text('4625'), text('04625')] },
  { name: 'f: "lo*n", "lo?on"', examples: [text('lo*n'), text('lo?on')] },
  { name: 'f|contains', examples: [text('*go*')] },
  { name: 'f|startswith', examples: [text('log*')] },
  { name: 'f|endswith', examples: [text('*off')] },
  { name: 'f|cased', examples: [text('LOGON', true)] },
  { name: 'f|contains|cased', examples: [text('*GO*', true)] },
  { name: 'f: ""', examples: [text('')] },
  {
    name: 'f: 517',
    examples: [
      { kind: 'number', value: 4625 },
      { kind: 'number', value: 4625.5 },
      { kind: 'number', value: 0 },
    ],
  },
  {
    name: 'f: true',
    examples: [
      { kind: 'boolean', value: true },
      { kind: 'boolean', value: false },
    ],
  },
  {
    name: 'f|lt, lte, gt, gte',
    examples: [compare('lt', 5), compare('lte', 1.5), compare('gt', -3.25), compare('gte', 4625)],
  },
  { name: 'f|exists, f: null', examples: [{ kind: 'exists' }] },
  {
    name: 'f|cidr (IPv4)',
    examples: [
      { kind: 'cidr', cidr: '10.0.0.0/8' },
      { kind: 'cidr', cidr: '192.168.1.64/26' },
    ],
  },
  { name: 'f|cidr (IPv6)', examples: [{ kind: 'cidr', cidr: '2001:db8::/32' }] },
  { name: 'f|re', examples: [regex('^lo'), regex('[0-9]{4}$'), regex('o(g|f)+')] },
  { name: 'f|re|i', examples: [regex('^LO.*n$', 'i')] },
  { name: 'f|re|m', examples: [regex('^break$', 'm')] },
  { name: 'f|re|s', examples: [regex('line.break', 's')] },
];
