/** The events of a measure, or the rows of a list, as the source gives them. */
import type { Dataset, EventsDataset, RecordsDataset, SnapshotDataset } from '../../config/model.ts';
import type { Measure, QueryMeasure } from '../../core/definition/model.ts';
import { bindFilter } from '../../core/filter/bind.ts';
import { compileFilter, type RowTest } from '../../core/filter/evaluate.ts';
import type { Row } from '../../core/filter/model.ts';
import { standardRow } from '../../core/measure/standard.ts';
import { type Interval, subtract } from '../../core/time/interval.ts';
import type { RowsReply } from '../../ports/connector.ts';
import { hiddenFields } from '../bind/pseudonyms.ts';
import { measureFields } from '../bind/usage.ts';
import { behindMeasure } from '../explain/behind.ts';
import { readLookups } from './lookups.ts';
import { type Found, groupMatcher, type RowsReader } from './reader.ts';

/** Events that are looked through for what their source can't test. */
const LOOKED_THROUGH = 10_000;

export async function listRows(
  { context, definition, group, limit, ask }: RowsReader,
  dataset: SnapshotDataset,
  measure: Measure,
): Promise<Found> {
  const fields = [
    ...new Set([...measureFields(measure), ...definition.groupBy, ...Object.keys(dataset.fields)]),
  ];
  const reply = await ask(dataset, (connector, types, signal) =>
    connector.readSnapshot({ dataset, types, fields }, signal),
  );
  const where =
    'where' in measure ? compileFilter(bindFilter(measure.where, {}, dataset.values)) : () => true;
  const inGroup = groupMatcher(dataset, group);
  const rows = reply.rows
    .map((row) => hiddenFields(row, dataset, context))
    .filter((row) => where(row) && inGroup(row));
  const notes = ['The list as it is now; the number was computed over the one in force at the window’s end.'];
  return {
    what: 'rows of the list',
    rows: rows.slice(0, limit),
    total: reply.quality === 'complete' ? rows.length : null,
    notes: [...notes, ...reply.evidence.warnings],
  };
}

/** Without what the definition leaves out of its windows. */
export async function eventRows(
  reader: RowsReader,
  dataset: EventsDataset | RecordsDataset,
  measure: Measure,
): Promise<Found> {
  const { definition, window, limit } = reader;
  const pieces = subtract([window], definition.exclusions).reverse();
  const test = await testBeside(reader, dataset, measure);
  const rows: Row[] = [];
  const warnings = new Set<string>();
  let total: number | null = 0;
  for (const range of pieces) {
    const most = test === null ? Math.max(1, limit - rows.length) : LOOKED_THROUGH;
    const reply = await readPiece(reader, dataset, measure, range, most);
    const found = reply.rows.map((row) => hiddenFields(row, dataset, reader.context));
    const passing = test === null ? found : found.filter(test);
    const isWhole = reply.total !== null && reply.rows.length >= reply.total;
    const here = test === null ? reply.total : isWhole ? passing.length : null;
    total = total === null || here === null ? null : total + here;
    rows.push(...passing);
    for (const warning of reply.evidence.warnings) warnings.add(warning);
  }
  const isCut = pieces.length !== 1 || pieces[0]?.start !== window.start || pieces[0].end !== window.end;
  const notes = [
    ...(measure.kind === 'query' ? [queryNote(measure)] : []),
    ...(isCut ? ['Without what the exclusions of the definition leave out.'] : []),
    ...(test !== null && total === null ? [THROUGH] : []),
    ...warnings,
  ];
  return { what: 'events', rows: rows.slice(0, limit), total, notes };
}

const THROUGH = `Among the newest ${LOOKED_THROUGH.toLocaleString('en')} events: the source can't test all of the filter.`;

/** A source that stops at the limit does not tell how many there are: it is asked for that by itself. */
const readPiece = (
  { asOf, group, ask }: RowsReader,
  dataset: EventsDataset | RecordsDataset,
  measure: Measure,
  range: Interval,
  limit: number,
): Promise<RowsReply> =>
  ask(dataset, async (connector, types, signal) => {
    const { where } = behindMeasure(measure, group, dataset, types);
    const looked = { dataset, types, where, range };
    const reply = await connector.readRows({ ...looked, asOf, limit }, signal);
    if (reply.total !== null) return reply;
    if (reply.rows.length < limit) return { ...reply, total: reply.rows.length };
    const field = dataset.kind === 'events' ? dataset.time : dataset.opened;
    const { events } = await connector.topValues({ ...looked, field, limit: 1 }, signal);
    return { ...reply, total: events };
  });

const queryNote = ({ language }: QueryMeasure): string =>
  `All events of the dataset: which of them the query (${language}) took, only the query knows.`;

/** What the source can't test: lookups, and groups under pseudonyms. Null: nothing. */
async function testBeside(reader: RowsReader, dataset: Dataset, measure: Measure): Promise<RowTest | null> {
  const { joined, hidden } = behindMeasure(measure, reader.group, dataset, {});
  const tests: RowTest[] = [];
  if (joined !== null) tests.push(compileFilter(joined, await readLookups(reader, joined)));
  if (Object.keys(hidden).length > 0) tests.push(groupMatcher(dataset, hidden));
  if (tests.length === 0) return null;
  return (row) => {
    const standard = standardRow(row, Object.keys(dataset.values), dataset.values);
    return tests.every((test) => test(standard));
  };
}
