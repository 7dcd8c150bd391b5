/** Records come once, in the order of the source, and lists whole. */
import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/core/filter/model.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import { HOUR, type Instant } from '../../src/core/time/interval.ts';
import { all, NEVER } from '../fakes/asking.ts';
import { ROWS, START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource, StoredRow } from './connector-harness.ts';
import { heldBy, LATE } from './connector-reading.ts';

export function recordContract(name: string, harness: ConnectorHarness, source: () => ContractSource): void {
  const held = heldBy(harness);
  describe(`${name}: records`, () => {
    const versions: readonly StoredRow[] = Array.from({ length: 40 }, (_, i) => ({
      times: {
        opened: START + i * 1_000,
        closed: i % 3 === 0 ? START + i * HOUR : null,
        due: i % 4 === 0 ? START + 48 * HOUR : null,
        updated: START + (i % 10) * HOUR,
      },
      fields: {
        id: `case-${i % 7}`,
        revision: i,
        state: ['New', 'Resolved', null][i % 3],
        priority: i % 5,
        'team.name': i % 2 === 0 ? 'blue' : 'Grün',
      },
    }));
    const expected = (rows: readonly StoredRow[], offset = 0): unknown[] =>
      rows.map((row, i) => ({ ...expectedRecord(row), position: i + offset }));
    const expectedRecord = ({ times, fields }: StoredRow) => ({
      key: fields.id,
      version: [fields.revision],
      ingested: times.updated,
      opened: times.opened,
      closed: [times.closed],
      due: times.due,
      fields: {
        status: harness.hold('state', fields.state) ?? null,
        priority: harness.hold('priority', fields.priority),
        'team.name': harness.hold('team.name', fields['team.name']),
      },
    });
    const read = async (asOf: Instant, cursor: string | null, dataset = source().records) => {
      const { types } = await source().connector.probe(dataset, NEVER);
      const request = { dataset, types, fields: ['status', 'priority', 'team.name'], asOf, cursor };
      const batches = await all(source().connector.readRecords(request, NEVER));
      const records = batches.flatMap((batch) => batch.records);
      return { batches, records, cursor: batches.at(-1)?.cursor ?? null };
    };
    const plain = (records: readonly RecordVersion[]) =>
      [...records]
        .sort((a, b) => a.order - b.order)
        .map(({ order: _, ...record }, position) => ({ ...record, position }));
    const arrivedBefore = (asOf: Instant) => versions.filter(({ times }) => (times.updated ?? 0) < asOf);

    it('come with key, version, times and fields by their standard names, in the order of the source', async () => {
      await source().replace(source().records, versions);
      const { records, batches } = await read(LATE, null);
      expect(plain(records)).toEqual(expected(versions));
      expect(batches.every(({ quality }) => quality === 'complete')).toBe(true);
    });

    it('come only once: the next read goes on where the last one ended', async () => {
      await source().replace(source().records, versions);
      const first = await read(START + 3 * HOUR, null);
      expect(plain(first.records)).toEqual(expected(arrivedBefore(START + 3 * HOUR)));
      const second = await read(START + 6 * HOUR, first.cursor);
      const next = arrivedBefore(START + 6 * HOUR).filter(
        (row) => !arrivedBefore(START + 3 * HOUR).includes(row),
      );
      expect(plain(second.records)).toEqual(expected(next));
      const third = await read(START + 6 * HOUR, second.cursor);
      expect(third.records).toEqual([]);
    });

    it('come again from the start where a row arrived late, with an old stamp', async () => {
      await source().replace(source().records, versions);
      const first = await read(START + 6 * HOUR, null);
      const late = {
        ...(versions[0] ?? { fields: {} }),
        times: { ...versions[0]?.times, updated: START + HOUR },
      };
      await source().append(source().records, [late]);
      const second = await read(START + 7 * HOUR, first.cursor);
      expect(second.records.length).toBe(arrivedBefore(START + 7 * HOUR).length + 1);
    });

    it('come whole, when anything changed, where no arrival is told', async () => {
      const dataset = { ...source().records, ingested: null };
      await source().replace(dataset, versions);
      const first = await read(LATE, null, dataset);
      expect(first.records.length).toBe(versions.length);
      expect(first.records.every(({ ingested }) => ingested === LATE)).toBe(true);
      const second = await read(LATE + 1, first.cursor, dataset);
      expect(second.records).toEqual([]);
      await source().append(dataset, versions.slice(0, 1));
      const third = await read(LATE + 2, second.cursor, dataset);
      expect(third.records.length).toBe(versions.length + 1);
    });
  });

  describe(`${name}: lists`, () => {
    it('come whole, with the fields that were asked for by their standard names', async () => {
      const rows = ROWS.map(({ fields }) => ({ times: {}, fields }));
      await source().replace(source().snapshot, rows);
      const { types } = await source().connector.probe(source().snapshot, NEVER);
      const fields = ['event.action', 'user.name', 'http.bytes', 'flag'];
      const reply = await source().connector.readSnapshot(
        { dataset: source().snapshot, types, fields },
        NEVER,
      );
      expect(reply.quality).toBe('complete');
      const expectedRows = rows.map((row) =>
        Object.fromEntries(fields.map((field) => [field, held(row)[field] ?? null])),
      );
      expect(sorted(reply.rows)).toEqual(sorted(expectedRows));
    });
  });
}

function sorted(rows: readonly Row[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}
