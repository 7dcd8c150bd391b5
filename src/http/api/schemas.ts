/** What the API answers, as schemas: they type the handlers and make the OpenAPI description. */
import { z } from 'zod';
import { QUALITIES, REASONS, VERDICTS } from '../../core/result/model.ts';

const isoText = z.string().describe('ISO 8601, UTC');
const groupRecord = z.record(z.string(), z.string()).readonly().nullable();

export const resultSchema = z.object({
  kpi: z.string(),
  group: groupRecord.describe('Field → value; null: the KPI’s own result'),
  start: isoText,
  end: isoText,
  value: z.number().nullable(),
  lower: z.number().nullable().describe('Each undecided record counted either way; null: unbounded'),
  upper: z.number().nullable(),
  sample: z.number(),
  undecided: z.number(),
  quality: z.enum(QUALITIES),
  verdict: z.enum(VERDICTS),
  reason: z.enum(REASONS).nullable().describe('Why the verdict is `unknown`'),
  final: z.boolean(),
  asOf: isoText.describe('What was known at this instant'),
  supersedes: z.number().nullable().describe('The revision before this one'),
  measurementHash: z.string(),
  evaluationHash: z.string(),
});

const condition = z.union([
  z.object({ op: z.enum(['<', '<=', '>', '>=']), limit: z.number() }),
  z.object({ op: z.literal('between'), low: z.number(), high: z.number() }),
]);

const target = z
  .object({
    from: z.string().describe('First day in force'),
    until: z.string().nullable(),
    onTarget: condition,
    atRisk: condition.nullable(),
    for: groupRecord,
  })
  .nullable();

const statusFields = {
  verdict: z.enum(VERDICTS).describe('As of now'),
  reason: z.enum(REASONS).nullable(),
  sentence: z.string().nullable().describe('The reason in words'),
};

export const kpiSchema = z.object({
  id: z.string(),
  title: z.string(),
  unit: z.string(),
  direction: z.enum(['higher-is-better', 'lower-is-better', 'within-range']),
  ...statusFields,
  configured: z.boolean(),
  missingDatasets: z.array(z.string()).readonly(),
  newest: resultSchema.nullable(),
  target,
  benchmarks: z.array(z.object({ label: z.string(), value: z.number().nullable() })),
  groups: z.number().describe('How many groups the newest window has'),
  ageMs: z.number().nullable().describe('Since the newest window’s end'),
  controls: z.array(z.string()).readonly(),
  owner: z.string().nullable(),
  headline: z.boolean(),
});

export const kpiDetailSchema = kpiSchema.extend({
  groupResults: z.array(z.object({ ...statusFields, target, result: resultSchema })),
  definition: z.record(z.string(), z.unknown()).describe('As it is in force'),
});

interface DerivationNode {
  readonly label: string;
  readonly value: string | number | boolean | null;
  readonly link?: string | undefined;
  readonly children: readonly DerivationNode[];
}

const derivation: z.ZodType<DerivationNode> = z.object({
  label: z.string(),
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
  link: z.string().optional().describe('Where a person sees what it is about, in the source’s own pages'),
  get children() {
    return z.array(derivation).readonly();
  },
});

export const explanationSchema = z.object({ result: resultSchema, sentence: z.string(), tree: derivation });

export const resultsPageSchema = z.object({
  results: z.array(resultSchema),
  next: z.string().nullable().describe('Give it as `cursor` for the rows that follow; null: there are none'),
});

export const reloadSchema = z.object({ ok: z.boolean(), problems: z.array(z.string()).readonly() });
