/** The fixed rows, filters and aggregates of the connector contract: what is known to go wrong. */
import type { FieldValue, Filter, Predicate } from '../../src/core/filter/model.ts';
import { parsePattern } from '../../src/core/filter/pattern.ts';
import type { Aggregate } from '../../src/core/measure/tally.ts';
import { HOUR, MINUTE } from '../../src/core/time/interval.ts';
import type { StoredRow } from './connector-harness.ts';

export const START = Date.UTC(2026, 2, 29, 0);

/** Values per field: cases, accents, wildcards' own characters, numbers as text, no value in each way. */
export const VALUES: Readonly<Record<string, readonly FieldValue[]>> = {
  'event.action': [
    'logon',
    'LOGON',
    'Logoff',
    'Anmeldung',
    'ÄNDERUNG',
    'änderung',
    'a%b_c\\d',
    'line\nbreak',
    "o'brien",
    '😀 ok',
    'Kelvin K',
    // One letter or two code points; other scripts; what can't be seen; longer than an index may take by default.
    'caf\u00e9',
    'cafe\u0301',
    'مرحبا',
    '\u200blogon',
    ' logon ',
    `${'long '.repeat(80)}end`,
    '',
    null,
    undefined,
  ],
  'user.name': [
    'svc-backup',
    'Alice',
    'ALICE',
    ['alice', 'bob'],
    ['bob', null],
    [],
    [null],
    ['x'],
    null,
    '(none)',
    'null',
    '?',
  ],
  'event.code': [
    4625,
    '4625',
    '4625.0',
    '04625',
    4625.5,
    '4,625',
    true,
    null,
    '1e3',
    1000,
    '-7',
    -7,
    'NaN',
    ' 12',
    '12 ',
    '+5',
    '.5',
    '5.',
    '0x10',
    '1e400',
    '٣',
    '1E3',
    '-0',
  ],
  'http.bytes': [0, -0, 1, 1.5, -3.25, 1e6, 999_999.125, 1e-7, '12', '12abc', [3, 4], [5], null, 'x', 0.1],
  'source.ip': [
    '10.0.0.1',
    '10.0.0.300',
    '192.168.1.77',
    '2001:db8::1',
    '::ffff:10.1.2.3',
    'host',
    null,
    '010.0.0.1',
  ],
  flag: [true, false, 'true', 'False', 'yes', null],
  tags: [['a', 'B'], ['b', 'b'], [], ['a'], 'a', null, ['C', 'a', 'é']],
  'odd.name of/it~': ['x', 'y', null],
};

/** The fields that the fixed rows have. */
export const FIELDS = Object.keys(VALUES);
const OFFSETS = [
  0,
  1,
  HOUR - 1,
  HOUR,
  2 * HOUR + 17 * MINUTE,
  5 * HOUR + 59 * MINUTE,
  6 * HOUR - 1,
  6 * HOUR,
  -1,
  3 * HOUR,
];

export const ROWS: readonly StoredRow[] = Array.from({ length: 120 }, (_, i) => {
  const time = START + (OFFSETS[i % OFFSETS.length] ?? 0);
  return {
    times: { '@timestamp': time, 'event.ingested': time + (i % 7 === 0 ? 5 * HOUR : 1_000) },
    fields: Object.fromEntries(
      FIELDS.map((field, f) => [field, valueFor(field, i * (f + 3) + Math.floor(i / 10))]),
    ),
  };
});

function valueFor(field: string, i: number): FieldValue {
  const values = VALUES[field] ?? [];
  return values[i % values.length];
}

const test = (field: string, predicate: Predicate): Filter => ({ op: 'test', field, predicate });
const like = (field: string, pattern: string, cased = false): Filter =>
  test(field, { kind: 'text', pattern: parsePattern(pattern), cased });
const not = (of: Filter): Filter => ({ op: 'not', of });
const exists = (field: string): Filter => test(field, { kind: 'exists' });

const PATTERNS = [
  'logon',
  'LogOn',
  'logo*',
  '*OFF',
  '*e*',
  '?????',
  'änderung',
  'ÄNDERUNG',
  '*nderung',
  'a%b_c\\d',
  '*%*',
  '*\\*',
  '* ok',
  '? ok',
  "o'brien",
  'line*',
  '*k',
  '4625',
  '(none)',
  'null',
  '',
  '*',
  'a',
  'true',
  '1000',
  '0.1',
  '1e-7',
  '-7',
  '?',
  'caf\u00e9',
  'CAFE\u0301',
  'caf?',
  '?logon',
  ' logon*',
  'long*end',
];

export const PREDICATES: readonly Predicate[] = [
  { kind: 'number', value: 4625 },
  { kind: 'number', value: 4625.5 },
  { kind: 'number', value: 0 },
  { kind: 'number', value: -7 },
  { kind: 'number', value: 1000 },
  { kind: 'boolean', value: true },
  { kind: 'boolean', value: false },
  { kind: 'compare', op: 'lt', value: 1000 },
  { kind: 'compare', op: 'lte', value: 1000 },
  { kind: 'compare', op: 'gt', value: 4625 },
  { kind: 'compare', op: 'gte', value: 1.5 },
  { kind: 'compare', op: 'gt', value: -1e300 },
  { kind: 'compare', op: 'lt', value: 0 },
  { kind: 'compare', op: 'gte', value: 5 },
  { kind: 'compare', op: 'lte', value: -7 },
  { kind: 'exists' },
  { kind: 'cidr', cidr: '10.0.0.0/8' },
  { kind: 'cidr', cidr: '192.168.1.64/26' },
  { kind: 'cidr', cidr: '2001:db8::/32' },
  { kind: 'regex', source: '^lo', flags: '' },
  { kind: 'regex', source: '^LO.*n$', flags: 'i' },
  { kind: 'regex', source: 'line.break', flags: '' },
  { kind: 'regex', source: 'line.break', flags: 's' },
  { kind: 'regex', source: '^break$', flags: 'm' },
  { kind: 'regex', source: '[0-9]{4}(\\.5)?$', flags: '' },
];

/** Every predicate and pattern on every field, by turns plain, negated and cased; and the ways to combine them. */
export const FILTERS: readonly Filter[] = [
  ...FIELDS.flatMap((field, f) =>
    PREDICATES.map((predicate, p) =>
      (f + p) % 3 === 0 ? not(test(field, predicate)) : test(field, predicate),
    ),
  ),
  ...FIELDS.slice(0, 5).flatMap((field, f) =>
    PATTERNS.map((pattern, p) => like(field, pattern, (f + p) % 3 === 0)),
  ),
  ...PATTERNS.map((pattern) => not(like('tags', pattern))),
  { op: 'and', of: [] },
  { op: 'or', of: [] },
  not({ op: 'everything' }),
  { op: 'and', of: [like('event.action', 'logo*'), not(like('user.name', 'alice'))] },
  {
    op: 'or',
    of: [
      like('user.name', 'ALICE'),
      like('user.name', 'bob'),
      like('event.action', 'änderung'),
      exists('flag'),
    ],
  },
  not({ op: 'or', of: [like('user.name', 'alice'), not(exists('event.code')), like('user.name', 'b*')] }),
  not({ op: 'and', of: [exists('http.bytes'), not(exists('flag'))] }),
  not(not(like('tags', 'A'))),
];

export const AGGREGATES: readonly Aggregate[] = [
  { type: 'count' },
  { type: 'sum', field: 'http.bytes' },
  { type: 'min', field: 'http.bytes' },
  { type: 'max', field: 'http.bytes' },
  { type: 'mean', field: 'http.bytes' },
  { type: 'percentile', field: 'http.bytes', percentile: 90 },
  { type: 'distinct', field: 'user.name' },
  { type: 'distinct', field: 'event.code' },
  { type: 'sum', field: 'event.code' },
  { type: 'distinct', field: 'http.bytes' },
];

export const GROUPINGS: readonly (readonly string[])[] = [
  [],
  ['event.action'],
  ['user.name'],
  ['tags', 'flag'],
];
