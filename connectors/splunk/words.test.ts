/** Whatever is asked, the SPL that is sent has only words that Splunk has, and is well-formed. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import { AGGREGATES, FILTERS, GROUPINGS } from '../../test/contract/connector-data.ts';
import {
  event,
  events,
  MIDNIGHT,
  NEVER,
  type Opened,
  openSplunkd,
  RANGE,
  readSlices,
  records,
  snapshot,
} from '../../test/fakes/splunk.ts';
import { compileFilter } from './filter.ts';
import { balanced, withoutQuoted } from './lint.ts';
import { COMMANDS, FUNCTIONS, name } from './spl.ts';

/** Splunk's own vocabulary, as its dashboards complete it. */
const vocabulary = z.object({
  default: z.record(z.string(), z.object({ functions: z.array(z.object({ name: z.string() })) })),
});
const SYNTAX = vocabulary.parse(
  createRequire(import.meta.url)('@splunk/dashboard-utils/defaultSPLSyntax.json.js'),
).default;
const KNOWN = new Set(
  ['eval-command', 'stats-command'].flatMap((command) =>
    (SYNTAX[command]?.functions ?? []).map((one) => one.name),
  ),
);

/** Commands and functions of a search, quoted texts and field names aside. */
function wordsOf(search: string) {
  const bare = (withoutQuoted(search) ?? '').replace(/'[^']*'/g, "''");
  const commands = [...bare.matchAll(/(?:^|[|[])\s*([a-z]+)/g)].map(([, word = '']) => word);
  const functions = [...bare.matchAll(/\b([a-zA-Z0-9]+)\(/g)].map(([, word = '']) => word);
  return { bare, commands, functions: functions.filter((word) => !/^(?:AND|OR|NOT|where)$/.test(word)) };
}

let opened: Opened;
beforeAll(async () => {
  opened = await openSplunkd({
    lookups: { 'assets.csv': [{ host: 'a' }] },
    indexedFields: ['event.action', 'user.name'],
    dataModels: { Main: { search: 'index=main', fields: { 'Events.user': 'user' }, summarisedUntil: null } },
  });
  const fields = {
    'event.action': 'logon',
    user: 'a',
    bytes: '1',
    id: '1',
    revision: '1',
    opened: '1767225600',
    closed: '1767225601',
  };
  opened.splunkd.addEvents('main', [event(1, fields)]);
});
afterAll(() => opened.close());

/** Every call of the port once, as different as they can be. */
async function askEverything(): Promise<readonly string[]> {
  const { connector, splunkd } = opened;
  const dataset = events();
  const types = Object.fromEntries(
    [
      'event.action',
      'user.name',
      'event.code',
      'http.bytes',
      'source.ip',
      'flag',
      'tags',
      'odd.name of/it~',
    ].map((field) => [field, 'text' as const]),
  );
  const measures = GROUPINGS.flatMap((groupBy, g) =>
    AGGREGATES.map((aggregate, a) => ({
      id: `${g} ${a}`,
      where: FILTERS[a * 7 + g] ?? { op: 'everything' as const },
      aggregate,
      groupBy,
    })),
  );
  await readSlices(connector, { types, measures });
  const indexed = events({ options: { index: 'main', indexed: ['event.action', 'user.name'] } });
  await readSlices(connector, { types, measures, dataset: indexed });
  const model = events({ options: { index: 'main', datamodel: 'Main.Events' } });
  const where = FILTERS[3] ?? { op: 'everything' };
  const grouped = {
    id: 'model',
    where: EVERYTHING,
    aggregate: { type: 'count' },
    groupBy: ['Events.user'],
  } as const;
  await readSlices(connector, {
    types: { ...types, 'Events.user': 'text' },
    measures: [grouped, ...measures],
    dataset: model,
  });
  const asOf = MIDNIGHT + 9 * HOUR;
  const known = new Map([[MIDNIGHT, { events: 9, maxIngested: null, digest: null }]]);
  for (const filter of [null, 'user=a']) {
    const revised = {
      dataset: { ...dataset, filter },
      types,
      grain: HOUR,
      range: RANGE,
      asOf,
      known,
    } as const;
    const { cursor } = await connector.findRevised({ ...revised, cursor: null }, NEVER);
    await connector.findRevised({ ...revised, cursor }, NEVER);
  }
  const cases = records();
  const { types: caseTypes } = await connector.probe(cases, NEVER);
  for await (const _ of connector.readRecords(
    { dataset: cases, types: caseTypes, fields: ['user'], asOf, cursor: null },
    NEVER,
  ));
  const list = snapshot();
  await connector.readSnapshot(
    { dataset: list, types: (await connector.probe(list, NEVER)).types, fields: ['host'] },
    NEVER,
  );
  await connector.readRows({ dataset, types, where, range: RANGE, asOf, limit: 3 }, NEVER);
  await connector.topValues({ dataset, types, where, range: RANGE, field: 'user', limit: 3 }, NEVER);
  await connector.runQuery(
    { dataset, types, language: 'spl', text: '| stats count AS n', range: RANGE, asOf },
    NEVER,
  );
  await connector.inspect(dataset, NEVER);
  await connector.discover(NEVER);
  const linked = await opened.another({ webUrl: 'https://splunk.example:8000' });
  const link = linked.link({ dataset, types, where, range: RANGE });
  return [...new Set([...splunkd.searches, new URL(link ?? '').searchParams.get('q') ?? ''])];
}

describe('The SPL that is sent', () => {
  let searches: readonly string[];
  beforeAll(async () => {
    searches = await askEverything();
  });

  it('has only commands of the closed set, and all of those are Splunk’s', () => {
    const used = new Set(searches.flatMap((search) => wordsOf(search).commands));
    expect(used.size).toBeGreaterThan(10);
    expect([...used].filter((word) => !COMMANDS.includes(word))).toEqual([]);
    expect(COMMANDS.filter((word) => !used.has(word))).toEqual([]);
    expect(COMMANDS.filter((word) => SYNTAX[`${word}-command`] === undefined)).toEqual([]);
  });

  it('has only functions of the closed set, and all of those are Splunk’s', () => {
    const filters = FILTERS.flatMap((filter) => {
      try {
        return [compileFilter(filter, name).spl];
      } catch {
        return [];
      }
    });
    const used = new Set([...searches, ...filters].flatMap((search) => wordsOf(search).functions));
    const plain = [...used].map((word) => word.replace(/^exactperc\d+$/, 'exactperc'));
    expect(plain.filter((word) => !FUNCTIONS.includes(word))).toEqual([]);
    expect(FUNCTIONS.filter((word) => !plain.includes(word))).toEqual([]);
    // Percentiles are named with their number.
    expect(FUNCTIONS.filter((word) => word !== 'exactperc' && !KNOWN.has(word))).toEqual([]);
  });

  it('closes its quotes and brackets', () => {
    for (const search of searches) {
      const bare = withoutQuoted(search);
      expect(bare, search).not.toBeNull();
      expect(balanced(bare ?? ''), search).toBe(true);
    }
  });

  it('names every column that it makes without a leading underscore', () => {
    for (const search of searches) {
      expect(wordsOf(search).bare, search).not.toMatch(/\b(?:AS|eval) _|, _\w+=/i);
    }
  });
});
