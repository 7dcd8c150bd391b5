/** What there is that could become a dataset: each source type of each index. */
import type { Candidate } from '../../src/ports/connector.ts';
import { FIELDS, textsIn } from './fields.ts';
import { runSearch } from './job.ts';
import { countIn, numberIn, textIn } from './row.ts';
import type { Source } from './source.ts';
import { spl, text } from './spl.ts';

/** How many are looked at for their fields, the largest first. */
const LOOKED_AT = 30;
const INTERNAL = /^_/;

export async function discover(source: Source, signal: AbortSignal): Promise<readonly Candidate[]> {
  signal.throwIfAborted();
  const found = await runSearch(
    source,
    {
      spl: spl`| tstats count AS c9_n, max(_time) AS c9_1 where index=${text('*')} BY index sourcetype | sort 0 - c9_n`,
      control: 'events',
    },
    signal,
  );
  const kinds = found.rows
    .map((row) => ({
      index: textIn(row, 'index'),
      sourcetype: textIn(row, 'sourcetype'),
      events: countIn(row, 'c9_n'),
      newest: numberIn(row, 'c9_1'),
    }))
    .filter(({ index }) => !INTERNAL.test(index));
  const candidates: Candidate[] = [];
  for (const [i, { index, sourcetype, events, newest }] of kinds.entries()) {
    const sample = spl`search index=${text(index)} sourcetype=${text(sourcetype)}${FIELDS}`;
    const fields =
      i < LOOKED_AT ? (await runSearch(source, { spl: sample, verbose: true }, signal)).rows : [];
    candidates.push({
      name: `${index}-${sourcetype}`.replace(/[^a-zA-Z0-9._-]+/g, '-').replace(/^[^a-zA-Z0-9]+/, ''),
      options: { index, sourcetype },
      time: '_time',
      ingested: '_indextime',
      types: { ...textsIn(fields), _time: 'time', _indextime: 'time' },
      events,
      newest: newest === null ? null : Math.round(newest * 1000),
    });
  }
  return candidates;
}
