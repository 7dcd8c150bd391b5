/** Random rows and filters for the connector contract, with all that the fixed ones have among them. */
import fc from 'fast-check';
import type { FieldValue, Filter, PatternToken, Predicate } from '../../src/core/filter/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import { FIELDS, PREDICATES, ROWS, START, VALUES } from './connector-data.ts';
import type { StoredRow } from './connector-harness.ts';

const anyText = fc.oneof(
  fc.constantFrom(
    'a',
    'A',
    'logon',
    'ß',
    'İ',
    'K',
    'é',
    '4625',
    '0',
    '%',
    '_',
    '\\',
    '*',
    "'",
    '"',
    ',',
    '\n',
    ';',
    '--',
    '$1',
    '😀',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }).filter((value) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)),
);
const anyScalar = fc.oneof(
  { weight: 4, arbitrary: anyText },
  { weight: 2, arbitrary: fc.integer({ min: -1_000, max: 1_000 }) },
  { weight: 1, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.boolean() },
);
const anyValue: fc.Arbitrary<FieldValue> = fc.oneof(
  { weight: 5, arbitrary: anyScalar },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  { weight: 1, arbitrary: fc.array(fc.oneof(anyScalar, fc.constant(null)), { maxLength: 3 }) },
);

/** Half of them at the edges of slices. */
const anyOffset = fc.oneof(
  fc.integer({ min: -HOUR, max: 7 * HOUR }),
  fc
    .tuple(fc.integer({ min: -1, max: 7 }), fc.constantFrom(-1, 0, 1))
    .map(([hour, beside]) => hour * HOUR + beside),
);

/** The first row has all fields, so that all are known. */
export const anyRows: fc.Arbitrary<StoredRow[]> = fc
  .array(
    fc.tuple(
      anyOffset,
      // Some come in late, some at once, whatever the source's buffers do.
      fc.constantFrom(0, 1, 1_000, HOUR, 5 * HOUR),
      fc.record(
        Object.fromEntries(
          FIELDS.map((field) => [field, fc.oneof(anyValue, fc.constantFrom(...(VALUES[field] ?? [])))]),
        ),
      ),
    ),
    { maxLength: 40 },
  )
  .map((rows) => [
    ...ROWS.slice(0, 20),
    ...rows.map(([offset, lag, fields]) => ({
      times: { '@timestamp': START + offset, 'event.ingested': START + offset + lag },
      fields,
    })),
  ]);

const anyPattern: fc.Arbitrary<PatternToken[]> = fc
  .array(
    fc.oneof(
      anyText.map((literal): PatternToken => ({ literal })),
      fc.constantFrom<PatternToken>('*', '?'),
    ),
    { maxLength: 4 },
  )
  .map((tokens) =>
    tokens
      .filter((token) => typeof token === 'string' || token.literal !== '')
      .reduce<PatternToken[]>((joined, token) => {
        const last = joined.at(-1);
        if (typeof token === 'object' && typeof last === 'object')
          joined.splice(-1, 1, { literal: last.literal + token.literal });
        else if (token !== '*' || last !== '*') joined.push(token);
        return joined;
      }, []),
  );

const anyPredicate: fc.Arbitrary<Predicate> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), pattern: anyPattern, cased: fc.boolean() }),
  fc.record({ kind: fc.constant('number' as const), value: fc.integer({ min: -1_000, max: 5_000 }) }),
  fc.record({
    kind: fc.constant('compare' as const),
    op: fc.constantFrom('lt', 'lte', 'gt', 'gte'),
    value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  }),
  fc.constantFrom(...PREDICATES),
);

export const anyFilter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'filter' },
    fc.record({
      op: fc.constant('test' as const),
      field: fc.constantFrom(...FIELDS),
      predicate: anyPredicate,
    }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('filter'), { maxLength: 3, depthIdentifier: 'filter' }),
    }),
    fc.record({ op: fc.constant('not' as const), of: tie('filter') }),
  ),
})).filter;
