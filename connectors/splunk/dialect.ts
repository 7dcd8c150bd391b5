/**
 * What clause9 takes for granted of SPL, asked of each server once before the first number is read from it: a server
 * that computes otherwise is refused, not believed.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import { bucketIndex, LN_GAMMA } from '../../src/core/measure/sketch.ts';
import { runSearch } from './job.ts';
import { ANY, END, literal, NUMBER } from './regex.ts';
import type { Source } from './source.ts';
import { join, number, type Spl, spl, text } from './spl.ts';

const fits = (value: string, regex: string): Spl => spl`match(${text(value)}, ${text(regex)})`;

/** Each must be true. `c9_m` has the values a, b, a; `c9_x` is no field. */
const FACTS: readonly (readonly [what: string, fact: Spl])[] = [
  ['match finds characters, not bytes', fits('\u{1F600}\u00e9', `^${ANY}${ANY}${END}`)],
  ['match tells upper from lower case', spl`NOT ${fits('A', '^a')}`],
  ['match knows look-ahead and references', fits('xaab', `^(?=(${ANY}*?a))\\1ab${END}`)],
  [
    'match reads a backslash as an escape',
    spl`${fits('a.b', `^${literal('a.b', true)}${END}`)} AND NOT ${fits('axb', `^${literal('a.b', true)}${END}`)}`,
  ],
  ['match finds a backslash and a quote', fits('a\\b"', `^${literal('a\\b"', true)}${END}`)],
  ['match knows what a number looks like', spl`${fits('-1.5e3', NUMBER)} AND NOT ${fits('1,5', NUMBER)}`],
  [
    'tonumber reads decimals and exponents',
    spl`tonumber("1e3")=1000 AND tonumber("-2.5E-1")=0-0.25 AND tonumber("04625")=4625`,
  ],
  ['tonumber of no number is null', spl`isnull(tonumber("x1"))`],
  ['a missing field is null', spl`isnull(c9_x) AND isnull(mvfilter(match(c9_x, "a")))`],
  [
    'mvfilter goes through all values',
    spl`mvcount(mvfilter(match(c9_m, "^a")))=2 AND isnull(mvfilter(match(c9_m, "^c")))`,
  ],
  ['mvdedup leaves each value once', spl`mvcount(mvdedup(c9_m))=2`],
  ['coalesce keeps several values', spl`mvcount(coalesce(c9_m, "z"))=3`],
  ['floor cuts times at slices', spl`floor(1774742399.999/3600)*3600=1774738800`],
  [
    'logarithms fall into the same buckets',
    spl`ceil(ln(abs(0-1234.5))/${number(LN_GAMMA['1%'])})=${number(bucketIndex(1234.5, '1%'))}`,
  ],
];

/** The digits that `exact` prints after `stats`: all, or numbers of more than 15 digits lose some. */
const ALL_DIGITS = '0.30000000000000004';

/** Asked once a connector. Throws where the server computes otherwise. */
export async function checkDialect(source: Source, signal: AbortSignal): Promise<void> {
  if (source.allDigits !== null) return;
  const flags = FACTS.map(([, fact], i) => spl`${{ spl: `c9_t${i}` }}=if(${fact}, 1, 0)`);
  const { rows } = await runSearch(
    source,
    {
      spl: spl`| makeresults | eval c9_m=mvappend("a", "b", "a"), c9_d=0.1+0.2 | eval ${join(flags, ', ')} | stats max(c9_d) AS c9_d, ${join(
        FACTS.map((_, i) => ({ spl: `max(c9_t${i}) AS c9_t${i}` })),
        ', ',
      )} | eval c9_d=exact(c9_d)`,
      control: 'none',
    },
    signal,
  );
  const [row] = rows;
  if (row === undefined || rows.length !== 1) throw otherwise(['one result is one row']);
  const wrong = FACTS.filter((_, i) => row[`c9_t${i}`] !== '1').map(([what]) => what);
  if (wrong.length > 0) throw otherwise(wrong);
  source.allDigits = row.c9_d === ALL_DIGITS;
}

function otherwise(wrong: readonly string[]): ConnectorError {
  return new ConnectorError(
    `This Splunk does not compute as clause9 takes for granted: ${wrong.join('; ')}`,
    {
      retryable: false,
      help: 'clause9 reads no number from it. Please report its version.',
    },
  );
}
