/** Events that vanish tell nobody: their slice is compared whole at some ages, by real servers, and at last when it leaves `reviseFor`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventsDataset } from '../../src/config/model.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/core/time/interval.ts';
import { sliceStart } from '../../src/core/time/slice.ts';
import type { KnownSlice, RevisedReply } from '../../src/ports/connector.ts';
import { canStart, SERVER_KINDS, START_TIMEOUT_MS, sharedServer } from './server.ts';
import { openSite, type Site, START } from './site.ts';

const NEVER = new AbortController().signal;
const HOURS = 8 * 24;

for (const kind of SERVER_KINDS) {
  describe.runIf(canStart(kind))(`${kind}: an event removed from the slice of its first hour`, () => {
    let site: Site;
    let dataset: EventsDataset;
    let known: ReadonlyMap<Instant, KnownSlice>;
    const find = (asOf: Instant, cursor: string | null): Promise<RevisedReply> => {
      const range = { start: START, end: Math.min(sliceStart(asOf, HOUR), START + HOURS * HOUR) };
      return site.connector.findRevised(
        { dataset, types: {}, grain: HOUR, range, asOf, known, cursor },
        NEVER,
      );
    };

    beforeAll(async () => {
      site = await openSite(kind, await sharedServer(kind));
      const stamp = { ingested: { type: 'date' } };
      const events = Array.from({ length: HOURS }, (_, hour) => {
        const at = new Date(START + hour * HOUR).toISOString();
        return { '@timestamp': at, ingested: at };
      });
      await site.index('events', stamp, events);
      await site.index('gone', stamp, events.slice(0, 1));
      dataset = { ...site.dataset, ingested: 'ingested', settleMs: 5 * MINUTE, reviseForMs: 7 * DAY };
      const readings = await site.ask([], { ingested: 'ingested' }, HOURS);
      known = new Map(readings.map((reading) => [reading.start, reading]));
      await site.admin.send('DELETE', `/${site.prefix}-gone`);
    }, START_TIMEOUT_MS);
    afterAll(() => site.close());

    it('is found at the next age, whether called often or not', async () => {
      const asked = START + HOUR + 2 * DAY;
      const cursor = JSON.stringify({ asOf: asked });
      expect((await find(asked + HOUR, cursor)).starts).toEqual([]);
      expect((await find(asked + DAY, cursor)).starts).toEqual([START]);
      expect((await find(asked + 30 * DAY, cursor)).starts).toEqual([START]);
    });

    it('is found in the very call after which nobody looks at the slice any more', async () => {
      const end = START + HOUR + 7 * DAY + 5 * MINUTE;
      const { cursor } = await find(end - 2 * MINUTE, JSON.stringify({ asOf: end - 7 * MINUTE }));
      expect((await find(end + 3 * MINUTE, cursor)).starts).toEqual([START]);
    });

    it('is found by whoever asks for the first time, or whose clock went back', async () => {
      const asked = START + 5 * DAY;
      expect((await find(asked, null)).starts).toEqual([START]);
      expect((await find(asked, JSON.stringify({ asOf: asked + HOUR }))).starts).toEqual([START]);
      expect((await find(asked, JSON.stringify({ asOf: asked - 5 * MINUTE }))).starts).toEqual([]);
    });
  });
}
