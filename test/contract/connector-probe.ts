/** A probe tells what is there; what went wrong is told by a sentence, or by the reason of who stopped it. */
import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import type { Filter } from '../../src/core/filter/model.ts';
import { NEVER } from '../fakes/asking.ts';
import { ROWS } from './connector-data.ts';
import type { ConnectorHarness, ContractSource } from './connector-harness.ts';
import { COUNT, readerOf } from './connector-reading.ts';

export function probeContract(name: string, harness: ConnectorHarness, source: () => ContractSource): void {
  const { read, typesOf } = readerOf(harness, source);
  describe(`${name}: a probe`, () => {
    it('names the data the same way after more of it came', async () => {
      await source().replace(source().events, ROWS.slice(0, 30));
      const first = await source().connector.probe(source().events, NEVER);
      await source().append(source().events, ROWS.slice(30));
      const second = await source().connector.probe(source().events, NEVER);
      expect(second.identity).toBe(first.identity);
      const other = await source().connector.probe(source().records, NEVER);
      expect(other.identity).not.toBe(first.identity);
    });

    it('tells the fields that are there, and which of them are times', async () => {
      await source().replace(source().events, ROWS);
      const { types } = await source().connector.probe(source().events, NEVER);
      for (const field of ['event.action', 'user.name', 'http.bytes', 'flag', 'tags'])
        expect(types).toHaveProperty([field]);
      expect(types['@timestamp']).toBe('time');
      expect(types['event.action']).toBe('text');
    });
  });

  describe(`${name}: errors`, () => {
    it('name a field that no event has, and the one that was probably meant', async () => {
      await source().replace(source().events, ROWS);
      const where: Filter = { op: 'test', field: 'event.acton', predicate: { kind: 'exists' } };
      const reading = read([{ ...COUNT, where }]);
      await expect(reading).rejects.toBeInstanceOf(ConnectorError);
      await expect(reading).rejects.toMatchObject({
        message: expect.stringContaining('event.acton'),
        help: expect.stringContaining('event.action'),
        retryable: false,
      });
    });

    it('are the reason itself when a call is aborted', async () => {
      await source().replace(source().events, ROWS);
      const reason = new Error('stop');
      const aborted = AbortSignal.abort(reason);
      await expect(source().connector.probe(source().events, aborted)).rejects.toBe(reason);
      const types = await typesOf();
      await expect(read([COUNT], { types }, aborted)).rejects.toBe(reason);
      const controller = new AbortController();
      const later = read([COUNT], { types }, controller.signal);
      // It has begun.
      await new Promise(setImmediate);
      controller.abort(reason);
      await expect(later).rejects.toBe(reason);
      // The connector still works.
      expect((await read([COUNT])).length).toBe(6);
    });
  });
}
