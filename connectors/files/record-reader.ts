/** Rows of a records dataset as versions of records. */
import type { RecordsDataset } from '../../src/config/model.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import type { RecordRequest } from '../../src/ports/connector.ts';
import type { Cell } from './duckdb.ts';
import { numberOf, onlyValue } from './field.ts';
import type { Relation } from './relation.ts';
import type { Opened } from './source.ts';
import { type Sql, sql } from './sql.ts';
import { valueColumns } from './value.ts';

/** Rows of one file; orders of later files stand above. */
const FILE = 2 ** 36;

/** The dataset's own name of a field. */
export function nativeName({ fields }: RecordsDataset, standard: string): string {
  return fields[standard] ?? standard;
}

/** The fields that are read as times. */
export function instantsOf({ opened, closed, due, ingested }: RecordsDataset): string[] {
  return [
    ...new Set([opened, ...closed, ...(due === null ? [] : [due]), ...(ingested === null ? [] : [ingested])]),
  ];
}

export interface Reader {
  readonly select: readonly Sql[];
  readonly read: (row: readonly Cell[]) => RecordVersion;
}

export function readerOf({ options }: Opened, r: Relation, request: RecordRequest): Reader {
  const { dataset } = request;
  const times = new Set(instantsOf(dataset));
  const isTime = (name: string): boolean =>
    times.has(name) ||
    options.timeFormats[name] !== undefined ||
    options.types[name] === 'time' ||
    r.field(name).instant !== null;
  const version = dataset.version.map((name): Sql[] => {
    if (isTime(name)) return [r.instant(name), sql`NULL`];
    return [numberOf(r.field(name)), onlyValue(r.field(name), (views) => views.text)];
  });
  const instants = [dataset.opened, ...dataset.closed, ...(dataset.due === null ? [] : [dataset.due])].map(
    (name) => r.instant(name),
  );
  const fields = request.fields.map((standard) => {
    const native = nativeName(dataset, standard);
    return { standard, ...valueColumns(r.field(native)) };
  });
  const arrival = dataset.ingested === null ? sql`NULL` : r.instant(dataset.ingested);
  const select = [
    onlyValue(r.field(dataset.key), (views) => views.text),
    arrival,
    r.file,
    r.row,
    ...version.flat(),
    ...instants,
    ...fields.flatMap((field) => field.select),
  ];
  return {
    select,
    read: (row) => {
      let at = 4;
      const take = (count: number): readonly Cell[] => {
        at += count;
        return row.slice(at - count, at);
      };
      return {
        key: String(row[0]),
        version: dataset.version.map(() => versionOf(take(2))),
        ingested: instantOrNull(row[1]) ?? request.asOf,
        order: Number(row[2]) * FILE + Number(row[3]),
        opened: instantOrNull(take(1)[0]),
        closed: dataset.closed.map(() => instantOrNull(take(1)[0])),
        due: dataset.due === null ? null : instantOrNull(take(1)[0]),
        fields: Object.fromEntries(
          fields.map((field) => [field.standard, field.read(take(field.select.length))]),
        ),
      };
    },
  };
}

function versionOf([number = null, text = null]: readonly Cell[]): number | string | null {
  if (number !== null) return Number(number);
  return text === null ? null : String(text);
}

function instantOrNull(value: Cell | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
