/** In how many events fields are, by slices: one search for all of them. */
import { ConnectorError } from '../../core/errors.ts';
import { NO_GROUP } from '../../core/measure/tally.ts';
import type { Grain, Instant, Interval } from '../../core/time/interval.ts';
import { type Look, readingsOf } from './look.ts';

/** By the field's standard name; null: the source can't tell. */
export type Counts = ReadonlyMap<string, readonly SliceCount[] | null>;

export interface SliceCount {
  readonly start: Instant;
  readonly events: number;
  /** Of them, with the field. */
  readonly present: number;
  readonly isPartial: boolean;
}

/** A field that the source refuses must not take the others down with it. */
export async function countsOf(
  look: Look,
  fields: readonly string[],
  range: Interval,
  grain: Grain,
): Promise<Counts> {
  const measures = fields.map((id) => {
    const field = look.dataset.fields[id] ?? id;
    const where = { op: 'test', field, predicate: { kind: 'exists' } } as const;
    return { id, where, aggregate: { type: 'count' }, groupBy: [] } as const;
  });
  try {
    const readings = await readingsOf(look, {
      grain,
      range: { start: range.start, end: range.end },
      measures,
    });
    return new Map(
      fields.map((id) => [
        id,
        readings.map(({ start, events, tallies, quality }) => ({
          start,
          events,
          present: tallies[id]?.[NO_GROUP]?.n ?? 0,
          isPartial: quality === 'partial',
        })),
      ]),
    );
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.retryable) throw error;
    if (fields.length === 1) return new Map(fields.map((id) => [id, null]));
    const half = Math.ceil(fields.length / 2);
    const parts = [fields.slice(0, half), fields.slice(half)];
    const counts: Counts[] = [];
    for (const part of parts) counts.push(await countsOf(look, part, range, grain));
    return new Map(counts.flatMap((one) => [...one]));
  }
}
