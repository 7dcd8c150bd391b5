/** What there is that could become a dataset: each source type of each index. */
import type { Candidate, FieldTypes } from '../../src/ports/connector.ts';
import { runSearch } from './job.ts';
import { countIn, numberIn, textIn } from './row.ts';
import { CONTROL } from './slice-searches.ts';
import type { Source } from './source.ts';
import { type Spl, spl, text } from './spl.ts';

/** How many are looked at for their fields, the largest first. */
const LOOKED_AT = 30;
const INTERNAL = /^_/;

export async function discover(source: Source, signal: AbortSignal): Promise<readonly Candidate[]> {
  signal.throwIfAborted();
  const ask = async (search: Spl, control: string | null, verbose: boolean) => {
    const { rows } = await runSearch(
      source,
      { spl: search, earliest: null, latest: null, control, verbose, acceptMessages: [], where: source.name },
      signal,
    );
    return rows;
  };
  const rows = await ask(
    spl`| tstats count AS c9_n, max(_time) AS c9_1 where index=${text('*')} BY index sourcetype | sort 0 - c9_n | ${CONTROL}`,
    'c9_n',
    false,
  );
  const kinds = rows
    .map((row) => ({
      index: textIn(row, 'index'),
      sourcetype: textIn(row, 'sourcetype'),
      events: countIn(row, 'c9_n'),
      newest: numberIn(row, 'c9_1'),
    }))
    .filter(({ index }) => !INTERNAL.test(index));
  const candidates: Candidate[] = [];
  for (const [i, { index, sourcetype, events, newest }] of kinds.entries()) {
    const fields =
      i < LOOKED_AT
        ? await ask(
            spl`search index=${text(index)} sourcetype=${text(sourcetype)} | head 1000 | fieldsummary maxvals=1 | table field count | appendpipe [stats count AS c9_rows | addinfo | eval c9_control=1]`,
            null,
            true,
          )
        : [];
    const types: FieldTypes = Object.fromEntries([
      ...fields.map((row): [string, 'text'] => [textIn(row, 'field'), 'text']),
      ['_time', 'time'],
      ['_indextime', 'time'],
    ]);
    candidates.push({
      name: `${index}-${sourcetype}`.replace(/[^a-zA-Z0-9._-]+/g, '-').replace(/^[^a-zA-Z0-9]+/, ''),
      options: { index, sourcetype },
      time: '_time',
      ingested: '_indextime',
      types,
      events,
      newest: newest === null ? null : Math.round(newest * 1000),
    });
  }
  return candidates;
}
