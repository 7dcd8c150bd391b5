/** What a person looks at: rows of a dataset, newest first, and a field's most frequent values. */
import type { EventsDataset, RecordsDataset } from '../../src/config/model.ts';
import { filterFields } from '../../src/core/filter/bind.ts';
import type { FieldValue, Row } from '../../src/core/filter/model.ts';
import type { Connector, FieldTypes, RowsReply, RowsRequest, TopValues } from '../../src/ports/connector.ts';
import { arrivedBefore, baseOf, INDEX_TIME, requireTimes, TIME } from './base.ts';
import { type Columns, createColumns } from './columns.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { requireFields, timesOf } from './fields.ts';
import { compileFilter } from './filter.ts';
import { ALL_TIME, runSearch } from './job.ts';
import { countIn, numberIn, type ResultCell, type ResultRow, textIn } from './row.ts';
import type { Source } from './source.ts';
import { join, number, type Spl, spl, TRUE } from './spl.ts';
import { instantOf } from './time.ts';

/** Splunk's own of every event, which tell a person nothing. */
const INTERNAL =
  /^(?:date_\w+|punct|linecount|timestartpos|timeendpos|eventtype|splunk_server_group|tag(?:::.*)?)$/;

export async function readRows(
  source: Source,
  request: RowsRequest,
  signal: AbortSignal,
): Promise<RowsReply> {
  const took = stopwatch();
  signal.throwIfAborted();
  const { dataset, where, range, asOf, limit } = request;
  requireTimes(dataset);
  await requireFields(source, dataset, filterFields(where), request.types, signal);
  const { search, options } = baseOf(dataset);
  const columns = createColumns();
  const shown = columnsOf(dataset, request.types, columns);
  const condition = compileFilter(where, columns.field);
  const arrived = dataset.ingested === null ? spl`` : spl` | ${arrivedBefore(asOf)}`;
  // Cases are looked at by a time that is a field's text: the range is applied here.
  const first = dataset.kind === 'events' ? spl` | head ${number(limit + 1)}` : spl``;
  const table = join([spl`c9_time`, spl`c9_i`, ...new Set(shown.map(({ alias }) => alias))], ' ');
  const answer = await runSearch(
    source,
    {
      dataset,
      spl: spl`${search}${arrived}${columns.evals()}${narrowedBy(condition)}${first} | eval c9_time=_time, c9_i=_indextime | table ${table}`,
      range: dataset.kind === 'events' ? range : ALL_TIME,
    },
    signal,
  );
  const timed = answer.rows
    .map((row) => ({ row, time: openedAt(row, dataset, options.timeFormats, shown) }))
    .filter(
      ({ time }) => dataset.kind === 'events' || (time !== null && time >= range.start && time < range.end),
    )
    .sort((a, b) => (b.time ?? 0) - (a.time ?? 0));
  const rows = timed.slice(0, limit).map(({ row }): Row => rowOf(row, shown, dataset, options.timeFormats));
  const total = dataset.kind === 'events' && timed.length > limit ? null : timed.length;
  return { rows, total, evidence: evidenceOf([answer], took(), answer.notes) };
}

const narrowedBy = (condition: Spl): Spl => (condition.spl === TRUE.spl ? spl`` : spl` | where ${condition}`);

interface Shown {
  readonly standard: string;
  readonly own: string;
  readonly alias: Spl;
}

function columnsOf(dataset: EventsDataset | RecordsDataset, types: FieldTypes, columns: Columns): Shown[] {
  const standard = new Map(Object.entries(dataset.fields).map(([name, own]) => [own, name]));
  const known = [...new Set([...Object.keys(types), ...timesOf(dataset)])];
  const own = known.filter((name) => !name.startsWith('_') && !INTERNAL.test(name));
  const fields = own.filter((name) => name !== '@timestamp' || dataset.kind !== 'events');
  return fields.map((name) => ({
    standard: standard.get(name) ?? name,
    own: name,
    alias: columns.field(name),
  }));
}

type Formats = ReturnType<typeof baseOf>['options']['timeFormats'];

function openedAt(
  row: ResultRow,
  dataset: EventsDataset | RecordsDataset,
  formats: Formats,
  shown: readonly Shown[],
): number | null {
  const event = Math.round((numberIn(row, 'c9_time') ?? 0) * 1000);
  if (dataset.kind === 'events' || dataset.opened === TIME) return event;
  const alias = shown.find(({ own }) => own === dataset.opened)?.alias.spl ?? '';
  return instantOf(row[alias] ?? null, formats[dataset.opened]);
}

/** Times in ISO 8601 and UTC. */
function rowOf(
  row: ResultRow,
  shown: readonly Shown[],
  dataset: EventsDataset | RecordsDataset,
  formats: Formats,
): Row {
  const times = new Set(timesOf(dataset));
  const entries = shown.map(({ standard, own, alias }): [string, FieldValue] => {
    const cell: ResultCell = row[alias.spl] ?? null;
    const instant = times.has(own) ? instantOf(cell, formats[own]) : null;
    return [standard, instant === null ? cell : new Date(instant).toISOString()];
  });
  const own = [
    [dataset.kind === 'events' ? dataset.time : TIME, numberIn(row, 'c9_time')],
    [INDEX_TIME, numberIn(row, 'c9_i')],
  ] as const;
  const stamps = own.map(([name, seconds]): [string, FieldValue] => [
    name,
    seconds === null ? null : new Date(Math.round(seconds * 1000)).toISOString(),
  ]);
  return Object.fromEntries([...stamps, ...entries].filter(([, value]) => value !== null));
}

export async function topValues(
  source: Source,
  { dataset, types, where, range, field, limit }: Parameters<Connector['topValues']>[0],
  signal: AbortSignal,
): Promise<TopValues> {
  signal.throwIfAborted();
  await requireFields(source, dataset, [field, ...filterFields(where)], types, signal);
  const columns = createColumns();
  const condition = compileFilter(where, columns.field);
  const value = columns.column(spl`mvdedup(${columns.field(field)})`);
  const present = columns.column(spl`if(isnotnull(${value}), 1, null())`);
  const matching = spl`${baseOf(dataset).search}${columns.evals()}${narrowedBy(condition)}`;
  const ask = (found: Spl) =>
    runSearch(
      source,
      { dataset, spl: spl`${matching} | ${found}`, range: dataset.kind === 'events' ? range : ALL_TIME },
      signal,
    );
  const counted = await ask(spl`stats count AS c9_n, count(${present}) AS c9_p`);
  const listed = await ask(spl`stats count AS c9_n BY ${value} | sort 0 - c9_n | head ${number(limit)}`);
  const [sums = {}] = counted.rows;
  return {
    values: listed.rows.map((row) => ({ text: textIn(row, value.spl), events: countIn(row, 'c9_n') })),
    present: numberIn(sums, 'c9_p') ?? 0,
    events: numberIn(sums, 'c9_n') ?? 0,
  };
}
