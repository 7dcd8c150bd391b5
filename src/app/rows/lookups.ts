/** The values that `in` looks up, read live: a list as it is now, or what occurs among the events of the window. */
import type { Dataset } from '../../config/model.ts';
import { Clause9Error } from '../../core/errors.ts';
import { filterLookups } from '../../core/filter/bind.ts';
import { canonicalText, type Lookups } from '../../core/filter/evaluate.ts';
import { EVERYTHING, type Filter } from '../../core/filter/model.ts';
import { MAX_KEYS } from '../bind/bind.ts';
import { hiddenFields } from '../bind/pseudonyms.ts';
import type { RowsReader } from './reader.ts';

export async function readLookups(reader: RowsReader, filter: Filter): Promise<Lookups> {
  const columns = new Map<string, ReadonlySet<string>>();
  for (const { dataset: name, field } of filterLookups(filter)) {
    const dataset = reader.context.config.datasets[name];
    if (dataset === undefined) {
      throw new Clause9Error(`the configuration has no dataset "${name}", in which values are looked up`);
    }
    columns.set(`${name} ${field}`, await column(reader, dataset, field));
  }
  return (dataset, field) => columns.get(`${dataset} ${field}`) ?? new Set();
}

async function column(reader: RowsReader, dataset: Dataset, field: string): Promise<ReadonlySet<string>> {
  const values = await (dataset.kind === 'snapshot'
    ? reader.ask(dataset, (connector, types, signal) =>
        connector
          .readSnapshot({ dataset, types, fields: [field] }, signal)
          .then(({ rows }) => rows.map((row) => row[field])),
      )
    : occurring(reader, dataset, field));
  const hidden = values.map((value) => hiddenFields({ [field]: value }, dataset, reader.context)[field]);
  return new Set(
    hidden.flatMap((value) => value ?? []).flatMap((value) => (value === null ? [] : canonicalText(value))),
  );
}

async function occurring(
  { window, ask }: RowsReader,
  dataset: Exclude<Dataset, { kind: 'snapshot' }>,
  field: string,
) {
  const own = dataset.fields[field] ?? field;
  const { values } = await ask(dataset, (connector, types, signal) =>
    connector.topValues(
      { dataset, types, where: EVERYTHING, range: window, field: own, limit: MAX_KEYS + 1 },
      signal,
    ),
  );
  if (values.length <= MAX_KEYS) return values.map(({ text }) => text);
  throw new Clause9Error(`${dataset.name} has more than ${MAX_KEYS} values of ${field} in the window`, {
    help: 'That is too many to look through. Ask for another --measure.',
  });
}
