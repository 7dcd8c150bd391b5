/** What a person writes as a measure: of events (also over a snapshot), or of records, which the `cohort` tells. */
import { z } from 'zod';
import { duration, text, where } from './schema-words.ts';

const field = (what: string) => text(`${what} Name of the field.`);
const percentile = z.number().gt(0).lt(100).describe('Percentile, between 0 and 100: 95.');

const eventsAggregate = z
  .union([
    z.enum(['count']).describe('Number of events.'),
    z.strictObject({ sum: field('Sum of a number.') }),
    z.strictObject({ min: field('Smallest number.') }),
    z.strictObject({ max: field('Largest number.') }),
    z.strictObject({ mean: field('Mean of a number.') }),
    z.strictObject({ distinct: field('Number of different values.') }),
    z.strictObject({ percentile, of: field('Percentile of a number.') }),
  ])
  .describe(
    'count, {sum: FIELD}, {min: FIELD}, {max: FIELD}, {mean: FIELD}, {distinct: FIELD} or {percentile: 95, of: FIELD}.',
  );

const statistic = z
  .union([z.enum(['median']), percentile])
  .describe('median, or a percentile as a number or as p90.')
  .or(z.string().regex(/^p\d{1,2}(\.\d+)?$/, 'must be median, a number or p90\nWrite median, 90 or p90.'));
const unit = z
  .enum(['seconds', 'minutes', 'hours', 'days'])
  .describe('Unit of the value: seconds, minutes, hours or days.');

const recordsAggregate = z
  .union([
    z
      .enum(['count', 'within-due'])
      .describe('count: number of records. within-due: share, 0 to 1, closed by the due time.'),
    z.strictObject({ count: where('Number of records that this filter matches too.') }),
    z.strictObject({ share: where('Share, 0 to 1, of the records that this filter matches.') }),
    z.strictObject({ within: duration('Share, 0 to 1, closed within this time of opening: 72h.') }),
    z.strictObject({
      duration: statistic.describe(
        'Time from opened to closed: median, p90 or 90; open records are censored (Kaplan–Meier).',
      ),
      unit,
    }),
    z.strictObject({
      age: statistic.describe('Time since opening of the records open at the end: median, p90 or 90.'),
      unit,
    }),
  ])
  .describe(
    'count, within-due, {count: WHERE}, {share: WHERE}, {within: 72h}, {duration: median, unit: hours} or {age: p90, unit: days}.',
  );

const dataset = text('Name of a dataset of the configuration.');
const filter = where('Which ones: a Sigma detection. Left out: all of them.').optional();

const mayBeAbsent = z
  .boolean()
  .describe(
    'True: what the filter looks for should never happen, so that none ever did is fine. Default: false.',
  )
  .optional();

export const eventsMeasureSchema = z
  .strictObject({
    dataset,
    where: filter,
    aggregate: eventsAggregate,
    mayBeAbsent,
    // What has a cohort is a measure of records, whatever else is wrong with it; what has a query, a native one.
    cohort: z.never().optional(),
    query: z.never().optional(),
  })
  .describe('A measure of events, or of the list in a snapshot.');

export const recordsMeasureSchema = z
  .strictObject({
    dataset,
    where: filter,
    cohort: z
      .enum(['opened', 'closed', 'due', 'open-at-end'])
      .describe('Which records a window is about: opened, closed or due in it, or open-at-end.'),
    aggregate: recordsAggregate,
    decidedWhen: where(
      "When a record's outcome can no longer change: {state: Closed}. Left out: at once.",
    ).optional(),
    followUp: duration('Records are observed until the end of the window plus this. Default: 0s.').optional(),
    mayBeAbsent,
    query: z.never().optional(),
  })
  .describe('A measure of records: cases that are opened and closed.');

const ofQuery = z.never().describe('The query itself says what is counted, and how.').optional();

const native = (language: string) => text(`The query, in ${language}: one row of numbers for the window.`);

export const queryMeasureSchema = z
  .strictObject({
    dataset,
    query: z
      .union([
        z.strictObject({ sql: native('SQL') }),
        z.strictObject({ spl: native('SPL') }),
        z.strictObject({ esql: native('ES|QL') }),
        z.strictObject({ dsl: native('Query DSL').or(z.record(z.string(), z.unknown())) }),
      ])
      .describe('A query in the language of the source: {sql: …}, {spl: …}, {esql: …} or {dsl: …}.'),
    value: text('Name of the number in the answer.'),
    where: ofQuery,
    aggregate: ofQuery,
    cohort: ofQuery,
  })
  .describe("A number of a query in the source's own language, asked once a window.");

export const measureSchema = z
  .union([eventsMeasureSchema, recordsMeasureSchema, queryMeasureSchema])
  .describe('A measure.');

export type WrittenEventsMeasure = z.infer<typeof eventsMeasureSchema>;
export type WrittenRecordsMeasure = z.infer<typeof recordsMeasureSchema>;
export type WrittenQueryMeasure = z.infer<typeof queryMeasureSchema>;
export type WrittenMeasure = WrittenEventsMeasure | WrittenRecordsMeasure | WrittenQueryMeasure;
