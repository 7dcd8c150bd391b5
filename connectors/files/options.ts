/** What a person writes about a folder of files and about a dataset in it, in clause9.yaml. */
import { z } from 'zod';

const memory = z
  .string()
  .regex(/^[1-9][0-9]*(MB|GB)$/, 'write a size such as 256MB or 2GB')
  .describe(
    'The most memory that reading may take, such as 256MB; beyond it, it goes on in temporary files.',
  );

export const sourceOptions = z.strictObject({
  path: z.string().min(1).describe('The folder; a relative one starts at the folder of clause9.yaml.'),
  memory: memory.default('256MB'),
  threads: z.int().min(1).max(64).default(2).describe('The most threads that reading may take.'),
});

const pattern = z
  .string()
  .min(1)
  .refine((glob) => !glob.startsWith('/') && !glob.split('/').includes('..'), {
    message: "must stay inside the source's folder: no leading / and no ..",
  });

const timeFormat = z
  .string()
  .min(1)
  .describe(
    '`iso`, `epoch_s`, `epoch_ms`, or a pattern such as %d/%m/%Y %H:%M (unpadded numbers match too).',
  );

export const datasetOptions = z.strictObject({
  files: z
    .union([pattern, z.array(pattern).min(1)])
    .transform((files) => (typeof files === 'string' ? [files] : files))
    .describe("The files, as patterns relative to the source's folder: `logs/**/*.ndjson.gz`."),
  format: z
    .enum(['ndjson', 'csv', 'parquet'])
    .optional()
    .describe(
      'Where the ending does not tell: .ndjson .jsonl .json .csv .tsv .parquet, each text also with .gz.',
    ),
  delimiter: z.string().length(1).optional().describe('CSV only: a comma unless told, a tab for .tsv.'),
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('CSV only: the names, where the files have no header line.'),
  timeFormats: z
    .record(z.string(), z.union([timeFormat, z.array(timeFormat).min(1)]))
    .default({})
    .describe(
      'Field → how its times are written, where that is not ISO 8601 or seconds or milliseconds since 1970.',
    ),
  timeZone: z
    .string()
    .refine(isTimeZone, { message: 'is no IANA time zone' })
    .default('UTC')
    .describe('The zone of times that are written without one.'),
  nulls: z.array(z.string()).default([]).describe('Texts that stand for no value, such as ? or N/A.'),
  types: z
    .record(z.string(), z.enum(['number', 'text', 'time', 'boolean']))
    .default({})
    .describe(
      'Field → what it is, where the files do not tell; such a field may be missing from all of them.',
    ),
});

export type SourceOptions = z.infer<typeof sourceOptions>;
export type DatasetOptions = z.infer<typeof datasetOptions>;
export type Format = NonNullable<DatasetOptions['format']>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
