/** The small schemas that KPI definitions and the configuration are written with: text, duration, date, list, map. */
import { z } from 'zod';

const DURATION = '^\\d+(ms|s|m|h|d|w)( ?\\d+(ms|s|m|h|d|w))*$';

export const text = (description: string) => z.string().min(1).max(10_000).describe(description);

/** Stays text; `parseDuration` reads it. The pattern is for editors only. */
export const duration = (description: string) => z.string().meta({ description, pattern: DURATION });

/** Stays text; checked against the calendar in `parse.ts`. */
export const date = (description: string) => z.string().meta({ description, format: 'date' });

export const texts = (description: string) => z.array(text('Text.')).max(1000).describe(description);

export const map = <T extends z.ZodType>(value: T) => z.record(z.string(), value);

export const count = (description: string, min: number, max: number) =>
  z.int().min(min).max(max).describe(description);

export const id = (description: string) =>
  z
    .string()
    .max(100)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, {
      error: (issue) =>
        `can't be "${String(issue.input)}"\nUse small letters, digits and single hyphens: failed-logon-ratio.`,
    })
    .describe(description);

/** A filter in Sigma's language; `parseFilter` reads it. */
export const where = (description: string) =>
  z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).describe(description);
