/** What a person writes in a test of a KPI (`*.test.yaml`): data by dataset, and what the KPI must say of them. */
import { z } from 'zod';
import { count, duration, map, text, texts } from '../core/definition/schema-words.ts';
import { QUALITIES, REASONS, VERDICTS } from '../core/result/model.ts';
import { datasetShapes } from './schema.ts';

const number = (description: string) =>
  z
    .union([
      z.number(),
      z.null(),
      z.strictObject({ between: z.tuple([z.number(), z.number()]).describe('Both ends belong to it.') }),
    ])
    .describe(description);

const instant = (description: string) => text(`${description}, such as 2026-03-02T12:00:00Z.`);

const expectation = z
  .strictObject({
    end: instant('The window that ends then. Default: the newest at `now`').optional(),
    group: map(z.string()).describe('Of this group, field by field. Default: of the KPI itself.').optional(),
    value: number('The value; null where there is none; {between: [4.9, 5.1]} for an estimate.').optional(),
    lower: number('The least that the value may still become.').optional(),
    upper: number('The most that the value may still become.').optional(),
    verdict: z.enum(VERDICTS).describe('The verdict.').optional(),
    reason: z.enum(REASONS).nullable().describe('Why the verdict is unknown; null: no reason.').optional(),
    quality: z.enum(QUALITIES).describe('How far the window may be trusted.').optional(),
    final: z.boolean().describe('Whether nothing can change it any more.').optional(),
    sample: count('Events or records that it rests on.', 0, 1e12).optional(),
    undecided: count('Records whose outcome can still change.', 0, 1e12).optional(),
    measures: map(number('The value of the measure.')).describe('Values of measures, by name.').optional(),
    groups: count('How many groups the window has.', 0, 1e6).optional(),
  })
  .describe('What the KPI must say. Only what is written is compared.');

const repeat = z
  .strictObject({
    times: count('So many rows like this one.', 1, 100_000),
    every: duration('Each this much later than the one before, in all its times. Default: 0s.').optional(),
  })
  .describe('More rows like this one. A text of theirs may hold {n}, which is 1, 2, 3 …');

export const repeatSchema = repeat;

const rows = z
  .union([
    z.array(
      z
        .looseObject({ repeat: repeat.optional() })
        .describe('An event, a version of a record, or a row of a list.'),
    ),
    z.strictObject({ file: text('An NDJSON or CSV file, from the folder of the test.') }),
  ])
  .describe('Rows, by the names that the source uses; or {file: rows.ndjson}.');

const data = map(rows).describe(
  'Dataset → its rows. Rows of a list take the place of those before; others are added.',
);

const step = {
  now: instant('What the clock shows when the KPI is looked at'),
  data: data.optional(),
  expect: z.union([expectation, z.array(expectation).min(1)]).describe('One expectation, or a list of them.'),
};

const testCase = z.strictObject({
  name: text('What it shows, as a sentence.'),
  ...step,
  later: z
    .array(z.strictObject(step))
    .min(1)
    .describe('What comes in later, and what is said then.')
    .optional(),
});

const common = {
  definition: z
    .union([text('File.'), texts('Files.').min(1)])
    .describe(
      'The definition, from the folder of the test. Default: the file beside it, NAME.yaml of NAME.test.yaml.',
    )
    .optional(),
  kpi: text('Which KPI is tested, where the files hold several.').optional(),
  data: data.optional(),
  cases: z.array(testCase).min(1).describe('What is tested.'),
};

const DATASETS =
  'Datasets as in clause9.yaml, without a source. `settle` is 0s unless told, so that a window can be looked at when it ends.';

/** The frame: datasets are read one by one, as those of clause9.yaml are. */
export const testSchema = z
  .strictObject({ ...common, datasets: map(z.unknown()).describe(DATASETS) })
  .describe('A test of a KPI definition of clause9.');

export type WrittenTest = z.infer<typeof testSchema>;
export type WrittenStep = z.infer<typeof testCase>;
export type WrittenRows = z.infer<typeof rows>;
export type WrittenExpectation = z.infer<typeof expectation>;

/** The JSON Schema of a test, for editors. */
export function testJsonSchema(): Readonly<Record<string, unknown>> {
  const shapes = Object.values(datasetShapes).map((shape) => z.strictObject(shape).omit({ source: true }));
  const schema = testSchema.extend({ datasets: map(z.union(shapes)).describe(DATASETS) });
  return {
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    title: 'Test of a KPI of clause9',
  };
}
