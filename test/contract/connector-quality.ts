/** A source that can't give everything says so, in every kind of answer: `partial` with its reason, or an error. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { RecordBatch } from '../../src/ports/connector.ts';
import { all, NEVER, readSlices } from '../fakes/asking.ts';
import { ROWS, START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource, StoredRow } from './connector-harness.ts';

const RANGE = { start: START - HOUR, end: START + 7 * HOUR };
const LATE = START + 1_000 * HOUR;

const CASES: readonly StoredRow[] = Array.from({ length: 5 }, (_, i) => ({
  times: { opened: START + i, closed: START + HOUR + i, due: START + 9 * HOUR, updated: START + i * HOUR },
  fields: { id: `case-${i}`, revision: i, state: 'New', priority: 1, 'team.name': 'blue' },
}));

export function qualityContract(name: string, _: ConnectorHarness, source: () => ContractSource): void {
  /** False where the source can't be tainted: then there is nothing to see. */
  const taint = async (dataset: Dataset): Promise<boolean> => (await source().taint?.(dataset)) ?? false;
  const typesOf = async (dataset: Dataset) => (await source().connector.probe(dataset, NEVER)).types;

  describe(`${name}: what is incomplete`, () => {
    beforeAll(async () => {
      const { events, records, snapshot } = source();
      await source().replace(events, ROWS);
      await source().replace(records, CASES);
      await source().replace(
        snapshot,
        ROWS.slice(0, 9).map(({ fields }) => ({ times: {}, fields })),
      );
    });
    afterAll(async () => {
      const { events, records, snapshot } = source();
      for (const dataset of [events, records, snapshot]) await source().replace(dataset, []);
    });

    it('makes slices partial, with a reason, or is an error', async () => {
      const { connector, events } = source();
      const read = () => readSlices(connector, { dataset: events, range: RANGE });
      const before = await read();
      expect(before.every(({ quality, notes }) => quality === 'complete' && notes.length === 0)).toBe(true);
      if (!(await taint(events))) return;
      const after = await orError(read());
      const partial = after?.filter(({ quality }) => quality === 'partial');
      if (partial === undefined) return;
      expect(partial.length).toBeGreaterThan(0);
      for (const { notes } of partial) expect(notes[0]).toMatch(/\w/);
    });

    it('is told to who looks at rows, and to who inspects the dataset', async () => {
      const { connector, events } = source();
      if (!(await taint(events))) return;
      const request = { dataset: events, types: await typesOf(events), where: EVERYTHING, range: RANGE };
      const rows = await orError(connector.readRows({ ...request, asOf: LATE, limit: 1 }, NEVER));
      if (rows !== null) expect(rows.evidence.warnings).not.toEqual([]);
      const doing = await orError(connector.inspect(events, NEVER));
      if (doing !== null) expect(doing.findings).not.toEqual([]);
    });

    it('makes records partial, with a reason, or is an error', async () => {
      const { connector, records } = source();
      const request = { dataset: records, types: await typesOf(records), fields: ['status'], asOf: LATE };
      const read = async (cursor: string | null): Promise<RecordBatch[]> =>
        all(connector.readRecords({ ...request, cursor }, NEVER));
      const before = await read(null);
      expect(before.every(({ quality }) => quality === 'complete')).toBe(true);
      if (!(await taint(records))) return;
      // Also where the next read would have nothing new to tell.
      for (const cursor of [null, before.at(-1)?.cursor ?? null]) {
        const after = await orError(read(cursor));
        if (after === null) continue;
        expect(after.some(({ quality }) => quality === 'partial')).toBe(true);
        expect(after.flatMap(({ evidence }) => evidence.warnings)).not.toEqual([]);
      }
    });

    it('makes a list partial, with a reason, or is an error', async () => {
      const { connector, snapshot } = source();
      const types = await typesOf(snapshot);
      const read = () => connector.readSnapshot({ dataset: snapshot, types, fields: ['user.name'] }, NEVER);
      expect((await read()).quality).toBe('complete');
      if (!(await taint(snapshot))) return;
      const after = await orError(read());
      if (after === null) return;
      expect(after.quality).toBe('partial');
      expect(after.evidence.warnings).not.toEqual([]);
    });
  });
}

/** Null where it ended with an error that says what is wrong. */
async function orError<T>(reply: Promise<T>): Promise<T | null> {
  try {
    return await reply;
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectorError);
    return null;
  }
}
