/** The cases of a records measure: the latest version of each, by the very rules that the number follows. */
import type { RecordsDataset } from '../../config/model.ts';
import type { RecordsMeasure } from '../../core/definition/model.ts';
import { filterFields, filterLookups } from '../../core/filter/bind.ts';
import { compileFilter } from '../../core/filter/evaluate.ts';
import type { Filter, Row } from '../../core/filter/model.ts';
import type { RecordVersion, TimedRecord } from '../../core/measure/record.ts';
import { compileClock, stopwatchOf } from '../../core/measure/record-clock.ts';
import { asKnown, inCohort, latestVersions } from '../../core/measure/records.ts';
import { formatInstant } from '../../core/time/interval.ts';
import { filtersOf } from '../bind/bind.ts';
import { hiddenRecord } from '../bind/pseudonyms.ts';
import { withOwnValues } from '../evaluate/record-sets.ts';
import { readLookups } from './lookups.ts';
import { type Found, groupMatcher, type RowsReader } from './reader.ts';

/** Whether a case is of those that a count or share is of. */
export const MATCHES_OF = 'matches of';

export async function casesBehind(
  reader: RowsReader,
  dataset: RecordsDataset,
  measure: RecordsMeasure,
): Promise<Found> {
  const { definition, window, asOf, group, limit } = reader;
  const { records, notes } = await latestRecords(reader, dataset, measure);
  const own = withOwnValues(measure, dataset);
  const isMember = await testOf(reader, own.where);
  const matches =
    'of' in own.aggregate && own.aggregate.of !== undefined ? await testOf(reader, own.aggregate.of) : null;
  const inGroup = groupMatcher(dataset, group);
  const isExcluded = ({ opened }: RecordVersion) =>
    opened !== null && definition.exclusions.some(({ start, end }) => opened >= start && opened < end);
  const found = records
    .filter((record) => inCohort(record, measure.cohort, window, asOf) && !isExcluded(record))
    .map((record) => ({ record, row: { ...asKnown(record, asOf, dataset) } }))
    .filter(({ row }) => isMember(row) && inGroup(row))
    .sort((a, b) => (b.record.opened ?? 0) - (a.record.opened ?? 0));
  const rows = found.slice(0, limit).map(({ row }) => ({
    ...readable(row, dataset),
    ...(matches === null ? {} : { [MATCHES_OF]: matches(row) }),
  }));
  return { what: 'cases', rows, total: found.length, notes };
}

async function testOf(reader: RowsReader, filter: Filter) {
  return filterLookups(filter).length === 0
    ? compileFilter(filter)
    : compileFilter(filter, await readLookups(reader, filter));
}

async function latestRecords(
  { context, definition, asOf, ask }: RowsReader,
  dataset: RecordsDataset,
  measure: RecordsMeasure,
): Promise<{ readonly records: readonly TimedRecord[]; readonly notes: readonly string[] }> {
  const { clock, dueBy } = dataset;
  const pause = clock?.pausedWhile ?? null;
  const fields = new Set([
    ...filtersOf(measure).flatMap(filterFields),
    ...definition.groupBy,
    ...Object.keys(dataset.fields),
    ...(pause === null ? [] : filterFields(pause)),
    ...(dueBy === undefined ? [] : [dueBy.by]),
  ]);
  const versions: RecordVersion[] = [];
  const notes = new Set<string>();
  await ask(dataset, async (connector, types, signal) => {
    const request = { dataset, types, fields: [...fields], asOf, cursor: null };
    for await (const batch of connector.readRecords(request, signal)) {
      for (const record of batch.records) versions.push(hiddenRecord(record, dataset, context));
      for (const warning of batch.evidence.warnings) notes.add(warning);
    }
  });
  const timed = compileClock(dataset, stopwatchOf(dataset));
  const histories = pause === null ? null : Map.groupBy(versions, ({ key }) => key);
  const latest = [...latestVersions(versions).values()];
  return { records: latest.map((one) => timed(one, histories?.get(one.key) ?? [])), notes: [...notes] };
}

/** Times as a person reads them. */
function readable(row: Row, { opened, closed, due }: RecordsDataset): Row {
  const times = new Set([opened, ...closed, due]);
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [
        name,
        times.has(name) && typeof value === 'number' ? formatInstant(value) : value,
      ]),
  );
}
