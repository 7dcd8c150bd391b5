/** What a person looks at: rows, top values, links, how a dataset is doing, and what there is to make datasets of. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EventsDataset } from '../../src/config/model.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import { EVERYTHING, type FieldValue, type Filter, type Row } from '../../src/core/filter/model.ts';
import { parsePattern } from '../../src/core/filter/pattern.ts';
import { canonicalText } from '../../src/core/filter/value.ts';
import { DAY, HOUR, type Instant } from '../../src/core/time/interval.ts';
import { NEVER } from '../fakes/asking.ts';
import { START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource, StoredRow } from './connector-harness.ts';
import { LOOKED, USUAL_LAG, WORST_LAG } from './connector-look-data.ts';

const LATE = START + 3 * DAY;
const RANGE = { start: START, end: START + 2 * DAY };
const NEWEST = LOOKED.at(-1)?.times['@timestamp'] ?? 0;
const FIELDS = ['event.action', 'user.name', 'http.bytes'];

const LOGON: Filter = {
  op: 'and',
  of: [
    {
      op: 'test',
      field: 'event.action',
      predicate: { kind: 'text', pattern: parsePattern('LOG*'), cased: false },
    },
    { op: 'test', field: 'user.name', predicate: { kind: 'exists' } },
  ],
};

export function lookContract(name: string, harness: ConnectorHarness, source: () => ContractSource): void {
  const held = ({ fields }: StoredRow): Row =>
    Object.fromEntries(FIELDS.map((field) => [field, harness.hold(field, fields[field])]));
  const matching = (where: Filter): StoredRow[] => {
    const test = compileFilter(where);
    return LOOKED.filter((row) => test(held(row)));
  };
  const request = async (where: Filter, dataset: EventsDataset = source().events) => {
    const { types } = await source().connector.probe(dataset, NEVER);
    return { dataset, types, where, range: RANGE };
  };
  const shown = (row: Row, time: Instant) => ({
    '@timestamp': new Date(time).toISOString(),
    ...Object.fromEntries(FIELDS.map((field) => [field, textsOf(row[field])])),
  });

  describe(`${name}: what a person looks at`, () => {
    beforeAll(() => source().replace(source().events, LOOKED));

    it('is rows that match, newest first, as many as asked for, times in ISO 8601 and UTC', async () => {
      for (const where of [EVERYTHING, LOGON]) {
        const expected = matching(where).reverse();
        const reply = await source().connector.readRows(
          { ...(await request(where)), asOf: LATE, limit: 7 },
          NEVER,
        );
        expect(
          reply.rows.map((row) => ({
            ...shown(row, 0),
            '@timestamp': row['@timestamp'] ?? row[source().events.time],
          })),
        ).toEqual(expected.slice(0, 7).map((row) => shown(held(row), row.times['@timestamp'] ?? 0)));
        expect([expected.length, null]).toContain(reply.total);
        expect(reply.evidence.query).not.toBe('');
      }
    });

    it('is rows by their standard names, of the range alone, known before asOf', async () => {
      const dataset = { ...source().events, fields: { 'event.kind': 'event.action' } };
      const range = { start: START + HOUR, end: START + HOUR + 1 };
      const ask = async (asOf: Instant) =>
        source().connector.readRows(
          { ...(await request(EVERYTHING, dataset)), range, asOf, limit: 7 },
          NEVER,
        );
      const [row] = (await ask(LATE)).rows;
      expect(row).toHaveProperty(['event.kind'], LOOKED[6]?.fields['event.action']);
      expect(row).not.toHaveProperty(['event.action']);
      expect((await ask(START + HOUR)).rows).toEqual([]);
    });

    it('is the rows of cases too, by the time when they opened', async () => {
      const { connector, records } = source();
      const cases = Array.from({ length: 4 }, (_, i) => ({
        times: {
          opened: START + i * HOUR,
          closed: i === 1 ? START + DAY : null,
          due: START + DAY,
          updated: START + DAY,
        },
        fields: { id: `case-${i}`, revision: i, state: 'New', priority: 1, 'team.name': 'blue' },
      }));
      await source().replace(records, cases);
      const { types } = await connector.probe(records, NEVER);
      const range = { start: START + HOUR, end: START + 3 * HOUR };
      const reply = await connector.readRows(
        { dataset: records, types, where: EVERYTHING, range, asOf: LATE, limit: 9 },
        NEVER,
      );
      expect(reply.rows.map((row) => row.id)).toEqual(['case-2', 'case-1']);
      expect(reply.rows[1]).toMatchObject({ status: 'New', closed: new Date(START + DAY).toISOString() });
    });

    it("is a field's most frequent values, an event with several counting for each", async () => {
      for (const where of [EVERYTHING, LOGON]) {
        const rows = matching(where).map((row) => [...new Set(textsOf(held(row)['user.name']))]);
        const counts = new Map<string, number>();
        for (const text of rows.flat()) counts.set(text, (counts.get(text) ?? 0) + 1);
        const asked = { ...(await request(where)), field: 'user.name' };
        const all = await source().connector.topValues({ ...asked, limit: 100 }, NEVER);
        expect(new Map(all.values.map(({ text, events }) => [text, events]))).toEqual(counts);
        expect(all.events).toBe(rows.length);
        expect(all.present).toBe(rows.filter((texts) => texts.length > 0).length);
        const sorted = [...counts.values()].sort((a, b) => b - a);
        const top = await source().connector.topValues({ ...asked, limit: 2 }, NEVER);
        expect(top.values.map(({ events }) => events)).toEqual(sorted.slice(0, 2));
      }
    });

    it('is a link that needs no answer of the source, or none', async () => {
      const link = source().connector.link(await request(LOGON));
      if (link !== null) expect(() => new URL(link)).not.toThrow();
    });

    it('is how the dataset is doing: how much, from when to when, how late, how far ahead', async () => {
      const { connector, events } = source();
      const doing = await connector.inspect(events, NEVER);
      expect(doing).toMatchObject({ events: LOOKED.length, oldest: START, newest: NEWEST, ahead: 0 });
      expect(doing.server).toMatch(/\w/);
      expect(doing.findings.filter(({ level }) => level === 'error')).toEqual([]);
      if (harness.tellsLag ?? true) {
        expect(doing.lag?.max).toBe(WORST_LAG);
        expect(Math.abs((doing.lag?.median ?? 0) / USUAL_LAG - 1)).toBeLessThan(0.05);
        expect(doing.lag?.p99).toBeGreaterThanOrEqual(USUAL_LAG * 0.95);
        expect(doing.lag?.p99).toBeLessThanOrEqual(WORST_LAG * 1.05);
      } else {
        expect(doing.lag).toBeNull();
      }
    });

    it('is what was put in, as something that a dataset can be made of', async () => {
      const { connector, events } = source();
      const found = await connector.discover(NEVER);
      const time = harness.discoversTime === undefined ? events.time : harness.discoversTime;
      const candidate = found.find((one) => one.events === LOOKED.length);
      expect(candidate).toMatchObject({ time, newest: time === null ? null : NEWEST });
      expect(candidate?.name).toMatch(/^[a-z0-9][a-z0-9._-]*$/i);
      expect(candidate?.types).toHaveProperty(['event.action'], 'text');
      const dataset: EventsDataset = { ...events, options: candidate?.options };
      if (time === null) return;
      expect((await connector.inspect(dataset, NEVER)).events).toBe(LOOKED.length);
    });

    // Adds to the events: it comes last.
    it('is events whose time lies ahead of the clock', async () => {
      const { connector, events } = source();
      const future = Date.UTC(2200, 0, 1);
      await source().append(
        events,
        [0, 1].map((i) => ({
          times: { '@timestamp': future + i, 'event.ingested': START + 2 * DAY },
          fields: { 'event.action': 'too early' },
        })),
      );
      const doing = await connector.inspect(events, NEVER);
      expect(doing).toMatchObject({ events: LOOKED.length + 2, newest: future + 1, ahead: 2 });
    });
  });
}

function textsOf(value: FieldValue): string[] {
  const list = typeof value === 'object' && value !== null ? value : [value];
  return list.flatMap((item) => (item === null || item === undefined ? [] : [canonicalText(item)]));
}
