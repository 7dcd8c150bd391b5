/** What a call gives back so that the next one can be cheap: JSON, read by a schema. */
import type { z } from 'zod';

/** Null where there is none, or one that an older version wrote: then the call does all its work. */
export function parseCursor<T>(cursor: string | null, schema: z.ZodType<T>): T | null {
  if (cursor === null) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(cursor));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
