/** A query in the source's own language: one row of numbers over a range, or a sentence that says why not. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { DAY, type Instant, type Interval, MINUTE } from '../../src/core/time/interval.ts';
import type { QueryReply, QueryRequest } from '../../src/ports/connector.ts';
import { START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource } from './connector-harness.ts';
import { LOOKED, WORST_LAG } from './connector-look-data.ts';

const LATE = START + 3 * DAY;
const ALL: Interval = { start: START, end: START + 2 * DAY };
/** Begins and ends at the very time of an event. */
const EDGED: Interval = { start: START + 10 * MINUTE, end: START + DAY + 40 * MINUTE };
const LANGUAGES = ['sql', 'spl', 'esql', 'dsl'] as const;

export function nativeContract(
  name: string,
  { native = [] }: ConnectorHarness,
  source: () => ContractSource,
): void {
  const ask = async (
    change: Pick<QueryRequest, 'language' | 'text'> & Partial<QueryRequest>,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<QueryReply> => {
    const { connector, events } = source();
    const { types } = await connector.probe(events, new AbortController().signal);
    return connector.runQuery({ dataset: events, types, range: ALL, asOf: LATE, ...change }, signal);
  };
  const seen = (range: Interval, asOf: Instant) =>
    LOOKED.filter(({ times }) => {
      const time = times['@timestamp'] ?? 0;
      return time >= range.start && time < range.end && (times['event.ingested'] ?? 0) < asOf;
    });

  describe(`${name}: native queries`, () => {
    beforeAll(() => source().replace(source().events, LOOKED));

    it('are refused, by a sentence, in a language that the source does not speak', async () => {
      for (const language of LANGUAGES) {
        if (native.some((spoken) => spoken.language === language)) continue;
        const asked = ask({ language, text: native[0]?.count ?? 'SELECT 1' });
        await expect(asked).rejects.toBeInstanceOf(ConnectorError);
        await expect(asked).rejects.toMatchObject({ retryable: false, help: expect.any(String) });
      }
    });
  });

  describe.for(native)(`${name}: native queries in $language`, ({ language, count, sum, refused }) => {
    beforeAll(() => source().replace(source().events, LOOKED));

    it('see the events of the range, its start included and its end not', async () => {
      for (const range of [ALL, EDGED]) {
        const events = seen(range, LATE);
        expect(events.length).toBeGreaterThan(0);
        const counted = await ask({ language, text: count, range });
        expect(counted).toMatchObject({ values: { n: events.length }, quality: 'complete', notes: [] });
        expect(counted.evidence.query).toContain(count.trim().split('\n').at(-1));
        const summed = await ask({ language, text: sum, range });
        expect(summed.values.n).toBeCloseTo(
          events.reduce((total, { fields }) => total + Number(fields['http.bytes']), 0),
          6,
        );
      }
    });

    it('see only what had come in before asOf', async () => {
      // The very instant at which the worst one came in: it is not known before that has passed.
      const worst = LOOKED.find(
        ({ times }) => (times['event.ingested'] ?? 0) - (times['@timestamp'] ?? 0) === WORST_LAG,
      );
      const asOf = worst?.times['event.ingested'] ?? 0;
      const expected = seen(ALL, asOf).length;
      expect(expected).toBe(LOOKED.length - 1);
      expect((await ask({ language, text: count, asOf })).values).toEqual({ n: expected });
    });

    it('are refused, by a sentence, where they give no single row of numbers, or do more than read', async () => {
      for (const text of refused) {
        const asked = ask({ language, text });
        await expect(asked, text).rejects.toBeInstanceOf(ConnectorError);
        await expect(asked, text).rejects.toMatchObject({ retryable: false, help: expect.any(String) });
      }
    });

    it('end with the reason when they are aborted', async () => {
      const reason = new Error('stop');
      await expect(ask({ language, text: count }, AbortSignal.abort(reason))).rejects.toBe(reason);
      const controller = new AbortController();
      const later = ask({ language, text: count }, controller.signal);
      controller.abort(reason);
      await expect(later).rejects.toBe(reason);
      expect((await ask({ language, text: count })).values).toEqual({ n: LOOKED.length });
    });

    // Leaves the events tainted: it comes last.
    it('are partial, with a reason, where the source can not give everything, or an error', async () => {
      if (!((await source().taint?.(source().events)) ?? false)) return;
      const said = await ask({ language, text: count }).catch((error: unknown) => error);
      if (said instanceof ConnectorError) return;
      expect(said).toMatchObject({ quality: 'partial', notes: [expect.stringMatching(/\w/)] });
    });
  });
}
