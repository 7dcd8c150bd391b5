/** Slices in which events have several numbers in a field: their events are read one by one, and told apart by the reference itself. */
import type { FieldValue } from '../../../src/core/filter/model.ts';
import { talliesOfRows } from '../../../src/core/measure/fold.ts';
import { type Instant, union } from '../../../src/core/time/interval.ts';
import { sliceStart } from '../../../src/core/time/slice.ts';
import { groupIn } from '../fold.ts';
import { refusal } from './failure.ts';
import { allOf, anyOf } from './filter.ts';
import { allHits, ignoredFields, instantOf, valueIn } from './hits.ts';
import { textsAt } from './json.ts';
import { type Part, unique } from './plan.ts';
import type { Reading } from './reading.ts';
import { type Resolved, requireTime } from './schema.ts';
import { eventsQuery } from './scope.ts';

/** Events of one slice that are held at once, at most. */
const EVENTS_READ = 100_000;

interface Event {
  /** Names of the conditions that it meets. */
  readonly meets: readonly string[];
  readonly hit: unknown;
}

/** One pass over all such slices. */
export async function readAgain(reading: Reading): Promise<void> {
  const { session, request, schema, folds } = reading;
  const starts = [...folds].flatMap(([start, { again }]) => (again.size > 0 ? [start] : []));
  if (starts.length === 0) return;
  const parts = [...new Set([...folds.values()].flatMap(({ again }) => [...again]))];
  const time = requireTime(schema, request.dataset.time);
  const runs = union(
    starts.map((start) => ({ start, end: start + request.grain })),
    [],
  );
  const named = parts.flatMap((part, p) =>
    part.conditions.map((condition, c) => ({ bool: { filter: [condition], _name: `p${p}c${c}` } })),
  );
  // Also where there is one alone: its name must come back.
  const query = allOf([
    anyOf(runs.map((run) => allOf(eventsQuery(request.dataset, run, request.asOf)))),
    { bool: { should: named, minimum_should_match: 1 } },
  ]);
  const fields = unique([time, ...parts.flatMap(fieldsOf)]);
  let events: Event[] = [];
  let current: Instant | null = null;
  const finish = () => {
    if (current !== null) for (const [p, part] of parts.entries()) tell(reading, part, p, current, events);
    events = [];
  };
  for await (const hits of allHits(session, { query, fields, sort: [time.path] })) {
    for (const hit of hits) {
      const start = sliceStart(instantOf(hit, time) ?? 0, request.grain);
      if (start !== current) finish();
      current = start;
      events.push({ meets: textsAt(hit, 'matched_queries'), hit });
    }
    if (events.length > EVENTS_READ) {
      throw refusal(
        schema.where,
        `Of the more than ${EVENTS_READ} events of a slice some have several numbers in a field (${parts
          .flatMap(fieldsOf)
          .map(({ name }) => name)
          .join(', ')})`,
        'Choose another field, or index one number an event.',
      );
    }
  }
  finish();
}

function fieldsOf(part: Part): Resolved[] {
  return [...part.groupBy, ...part.measures.flatMap(({ field }) => (field === null ? [] : [field]))];
}

function tell(reading: Reading, part: Part, p: number, start: Instant, events: readonly Event[]): void {
  const fold = reading.folds.get(start);
  if (fold === undefined || !fold.again.has(part)) return;
  const { maxDistinct, maxGroups } = reading.request;
  const rows = events.map(({ meets, hit }) => ({ meets, row: rowOf(hit, part) }));
  for (const { request: measure, condition } of part.measures) {
    const own = rows.filter(({ meets }) => meets.includes(`p${p}c${condition}`)).map(({ row }) => row);
    const tallies = talliesOfRows(measure.aggregate, own, measure.groupBy, { maxDistinct });
    fold.measures.delete(measure.id);
    fold.overflow.delete(measure.id);
    for (const [key, tally] of Object.entries(tallies))
      groupIn(fold, measure, key, maxGroups)?.tallies.push(tally);
  }
}

/** A number of which the server left a part out is none. */
function rowOf(hit: unknown, part: Part): Record<string, FieldValue> {
  const left = ignoredFields(hit);
  const numbers = part.measures.flatMap(({ field, request: { aggregate } }) =>
    field !== null && aggregate.type !== 'distinct' ? [field.path] : [],
  );
  const value = (field: Resolved): FieldValue =>
    left.includes(field.path) && numbers.includes(field.path) ? 'not indexed' : valueIn(hit, field);
  return Object.fromEntries(fieldsOf(part).map((field) => [field.name, value(field)]));
}
