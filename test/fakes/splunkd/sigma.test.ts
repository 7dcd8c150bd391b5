/**
 * A second opinion on the fake's search language: pySigma's Splunk back end writes the search, the fake runs it, and the
 * reference evaluator says what the same Sigma detection finds.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFilter } from '../../../src/core/filter/evaluate.ts';
import { parseFilter } from '../../../src/core/filter/parse.ts';
import { type Splunkd, startSplunkd } from './index.ts';
import { pythonEnvironment, pythonPackage } from './pip.ts';
import { search, TOKEN } from './testing.ts';

const library = pythonPackage('pysigma-backend-splunk==2.1.0');

const PATH = 'C:\\Windows\\cmd.exe';
const EVENTS: readonly Readonly<Record<string, string>>[] = [
  { a: 'x', b: 'y', n: '5', ip: '10.1.2.3' },
  { a: 'X', n: '7', ip: '11.0.0.1', p: 'xxay' },
  { a: 'xyz', b: 'q', c: 'z', p: PATH },
  { b: 'y', c: 'z', n: '4.5', ip: 'fe80::1' },
  { a: 'say "hi"', p: `${PATH} /c`, n: '-1' },
  { a: 'x y', b: 'AND', c: 'OR' },
  { n: '05', ip: 'not an address', b: 'Y(1)' },
];

/** Without `?` (pySigma widens it to `*`), `cased` (it has none) and the empty text (Splunk's own matter). */
const DETECTIONS: readonly Readonly<Record<string, unknown>>[] = [
  { s: { a: 'x' }, condition: 's' },
  { s: { a: ['x*', 'say*'], 'b|contains': 'q' }, condition: 's' },
  { s: { a: ['x*', '*hi*'] }, condition: 's' },
  { s: { 'a|startswith': 'X', 'a|endswith': 'Z' }, condition: 's' },
  { s: { 'a|contains|all': ['x', 'y'] }, condition: 's' },
  { s: { a: 'say "hi"' }, condition: 's' },
  { s: { p: PATH }, condition: 's' },
  { s: { 'p|endswith': '\\cmd.exe' }, condition: 's' },
  { s: { 'p|contains': 'Windows\\' }, condition: 's' },
  { s: { 'n|gte': 5 }, condition: 's' },
  { s: { 'n|lt': 5 }, condition: 's' },
  { s: { n: 7 }, condition: 's' },
  { s: { 'ip|cidr': '10.0.0.0/8' }, condition: 's' },
  { s: { 'ip|cidr': ['10.0.0.0/8', '11.0.0.0/24'] }, condition: 'not s' },
  { s: { b: null }, condition: 's' },
  { s: { a: null, 'b|exists': true }, condition: 's' },
  { s: { 'a|exists': true }, f: { c: null }, condition: 's and not f' },
  { s: { 'p|re': '^x.*y$' }, condition: 's' },
  { one: { a: 'x' }, two: { b: 'y' }, three: { c: 'z' }, condition: 'one and two or not three' },
  { one: { a: 'x*' }, two: { b: 'y' }, three: { c: 'z' }, condition: 'one and (two or three)' },
  { one: { a: 'x*' }, two: { b: 'y' }, three: { c: 'z' }, condition: 'not (one or two) or three' },
  { s_1: { a: 'x' }, s_2: { b: 'y' }, condition: 'all of s_*' },
  { s_1: { a: 'x' }, s_2: { b: 'y' }, condition: '1 of s_*' },
  { s: { b: ['AND', 'NOT'], c: 'or' }, condition: 's' },
  { s: { b: 'y(1)' }, condition: 's' },
  { s: [{ a: 'x' }, { c: 'z' }], condition: 's' },
];

let splunkd: Splunkd;
let searches: readonly (string | null)[] = [];

beforeAll(async () => {
  if (library === null) return;
  splunkd = await startSplunkd({ tokens: { [TOKEN]: { user: 'admin' } } });
  splunkd.addEvents(
    'sigma',
    EVENTS.map((fields, at) => ({ _time: 1_480_000_000 + at, fields: { ...fields, at: String(at) } })),
  );
  const script = join(import.meta.dirname, 'sigma_to_spl.py');
  const input = JSON.stringify(DETECTIONS);
  searches = JSON.parse(
    execFileSync('python3', [script], { env: pythonEnvironment(library), input, encoding: 'utf8' }),
  );
});
afterAll(() => splunkd?.stop());

describe.skipIf(library === null)("pySigma's searches (left out without python3 and pip)", () => {
  it.each(DETECTIONS.map((detection, at) => ({ detection, at, title: JSON.stringify(detection) })))(
    'find what the reference evaluator finds: $title',
    async ({ detection, at }) => {
      const parsed = parseFilter(detection);
      if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
      const test = compileFilter(parsed.filter);
      const expected = EVENTS.flatMap((row, number) => (test(row) ? [String(number)] : []));
      const { rows, messages } = await search(
        splunkd,
        `search index=sigma ${searches[at]} | sort at | table at`,
      );
      expect({ search: searches[at], messages, found: rows.map((row) => row.at) }).toEqual({
        search: searches[at],
        messages: [],
        found: expected,
      });
    },
  );

  it('differ where a text is no number: Splunk then compares texts', async () => {
    splunkd.addEvents('words', [{ _time: 1_480_000_000, fields: { n: 'many' } }]);
    expect((await search(splunkd, 'search index=words n>=5 | stats count')).rows).toEqual([{ count: '1' }]);
  });
});
