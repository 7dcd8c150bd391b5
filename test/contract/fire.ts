/**
 * The loop under fire: whatever happens to any one call of a connector, a pass ends, no wrong number is stored, and
 * when the fault is over everything heals to what an undisturbed run says. A connector's own test calls
 * `provesUnderFire` with a source whose connections can be led through the proxy.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config, Dataset } from '../../src/config/model.ts';
import type { Result } from '../../src/core/result/model.ts';
import { HOUR, type Instant } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { configOf, kpi, runLoop, sourceOf } from '../fakes/loop.ts';
import { type Fault, startProxy, type TcpProxy } from '../fakes/proxy.ts';
import type { ContractSource, StoredRow } from './connector-harness.ts';

export interface FireSource extends Pick<ContractSource, 'events' | 'records' | 'replace' | 'close'> {
  /** Where the real server listens: the proxy stands before it. */
  readonly server: { readonly host: string; readonly port: number };
  /** A connector that speaks with this address in the server's place, and keeps connections for its own calls only. */
  connect(address: { readonly host: string; readonly port: number }): Promise<Connector>;
}

export interface FireOptions {
  /** Every so many calls are tried: 1 unless told. More for a source that is slow. */
  readonly step?: number;
  /** Silence in a call after which it is cancelled, while there are faults. Longer than the source ever takes. */
  readonly deadlineMs?: number;
  /** By name. Those that speak plain HTTP are for sources without TLS. */
  readonly faults?: Readonly<Record<string, Fault>>;
}

export const TRANSPORT_FAULTS: Readonly<Record<string, Fault>> = {
  'the connection is refused': { kind: 'refuse' },
  'the connection is reset': { kind: 'reset' },
  'nothing comes back': { kind: 'black-hole' },
  'the answer is late': { kind: 'delay', ms: 40 },
  'the answer is cut at once': { kind: 'cut', afterBytes: 0 },
  'the answer is cut in its head': { kind: 'cut', afterBytes: 20 },
  'the answer is cut in its body': { kind: 'cut', afterBytes: 400 },
};

export const HTTP_FAULTS: Readonly<Record<string, Fault>> = {
  'a page comes with 200': { kind: 'html' },
  'the JSON is cut': { kind: 'truncated-json' },
  'the content is of another type': { kind: 'wrong-type' },
  'an error has a body of 10 MB': { kind: 'huge-error' },
};

export const START = Date.UTC(2026, 2, 29);
const HOURS = 5;
/** The passes: two in a row, then one after three hours that nobody ran it. */
const PASSES: readonly Instant[] = [1, 2, 5].map((hour) => START + hour * HOUR);

/** Three logons an hour; each hour's last one comes in when the next hour is nearly over. */
const LOGONS: readonly StoredRow[] = Array.from({ length: 3 * HOURS }, (_, index) => {
  const time = START + Math.floor(index / 3) * HOUR + (index % 3) * 900_000;
  return {
    times: { '@timestamp': time, 'event.ingested': time + (index % 3 === 2 ? HOUR : 1_000) },
    fields: {
      'event.action': index % 4 === 0 ? 'failure' : 'success',
      'user.name': index % 2 === 0 ? 'alice' : 'bob',
      'http.bytes': index + 0.5,
    },
  };
});

const CASES: readonly StoredRow[] = Array.from({ length: HOURS }, (_, index) => {
  const opened = START + index * HOUR + 60_000;
  const closed = index % 2 === 0 ? opened + HOUR / 2 : null;
  return {
    times: { opened, closed, due: opened + HOUR, updated: (closed ?? opened) + 1_000 },
    fields: { id: `case ${index}`, revision: 1, state: closed === null ? 'New' : 'Closed' },
  };
});

function definitionsFor(source: FireSource) {
  const { name: dataset } = source.events;
  const hourly = {
    window: { rolling: '1h', every: '1h' },
    targets: [{ from: '2026-01-01', onTarget: '<= 40' }],
  };
  const failed = { dataset, where: { 'event.action': 'failure' }, aggregate: 'count' };
  const all = { dataset, aggregate: 'count' };
  return [
    kpi({
      id: 'share',
      measures: { failed, all },
      formula: '100.0 * failed / all',
      groupBy: ['user.name'],
      ...hourly,
    }),
    kpi({ id: 'bytes', measures: { sum: { dataset, aggregate: { sum: 'http.bytes' } } }, ...hourly }),
    kpi({
      id: 'opened',
      measures: { n: { dataset: source.records.name, cohort: 'opened', aggregate: 'count' } },
      ...hourly,
    }),
  ];
}

/** A result's place, and what it says there. */
const placeOf = ({ kpi, group, end }: Result): string =>
  `${kpi} ${JSON.stringify(group)} ${(end - START) / HOUR}`;
const saidOf = ({ value, lower, upper, sample, quality, verdict, reason, final }: Result): string =>
  JSON.stringify({ value, lower, upper, sample, quality, verdict, reason, final });
type Said = ReadonlyMap<string, string>;

/** What a source that was not asked, or did not answer, may look like. */
const HONEST = new Set(['missing', 'partial', 'stale']);

export function provesUnderFire(
  name: string,
  makeSource: () => Promise<FireSource>,
  options: FireOptions = {},
): void {
  const { step = 1, deadlineMs = 400, faults = { ...TRANSPORT_FAULTS, ...HTTP_FAULTS } } = options;
  let source: FireSource;
  let proxy: TcpProxy;
  /** What is known after each pass when nothing goes wrong, and how many calls it took to know it. */
  let truth: readonly Said[];
  let calls: number;

  /** All passes, then (if anything is missing) a restart without faults: what was stored after each. */
  const run = async (fault: (call: number) => Fault | null, limits: object = { deadlineMs }) => {
    const store = await openSqlite(':memory:');
    const connector = await source.connect(proxy);
    const start = proxy.calls;
    const definitions = definitionsFor(source);
    const loopWith = (limits: object) =>
      runLoop({ config: config(source, limits), definitions, store, connector, pace: { retries: 1 } });
    const known = async () => {
      const all = await Promise.all(definitions.map(({ id }) => store.results({ kpi: id })));
      return all.flat();
    };
    try {
      proxy.fault = (call) => fault(call - start);
      const { pass } = loopWith(limits);
      const stored: (readonly Result[])[] = [];
      for (const at of PASSES) {
        await pass(at);
        stored.push(await known());
      }
      proxy.fault = () => null;
      await loopWith({}).pass(PASSES.at(-1) ?? START);
      return { stored, healed: await known(), calls: proxy.calls - start };
    } finally {
      proxy.fault = () => null;
      await connector.close();
      await store.close();
    }
  };

  const said = (results: readonly Result[]): Said =>
    new Map(results.map((one) => [placeOf(one), saidOf(one)]));

  /** Every number was the undisturbed one's, then or (where it could not be asked for news) before. */
  const expectNoWrongNumber = (stored: readonly (readonly Result[])[]) => {
    for (const [index, results] of stored.entries()) {
      for (const result of results) {
        if (result.reason !== null && HONEST.has(result.reason)) continue;
        const allowed = truth.slice(0, index + 1).map((one) => one.get(placeOf(result)));
        expect(allowed, `${placeOf(result)} after pass ${index + 1}`).toContain(saidOf(result));
      }
    }
  };

  const endure = async (fault: (call: number) => Fault | null) => {
    const { stored, healed } = await run(fault);
    expectNoWrongNumber(stored);
    expect(said(healed)).toEqual(truth.at(-1));
  };

  describe(`${name} under fire`, () => {
    beforeAll(async () => {
      source = await makeSource();
      proxy = await startProxy(source.server);
      await source.replace(source.events, LOGONS);
      await source.replace(source.records, CASES);
      const undisturbed = await run(() => null, {});
      truth = undisturbed.stored.map(said);
      calls = undisturbed.calls;
    }, 480_000);
    afterAll(async () => {
      await proxy?.stop();
      await source?.close();
    });

    it('is measured in full where nothing goes wrong', () => {
      const results = [...(truth.at(-1)?.values() ?? [])];
      expect(results.length).toBeGreaterThan(3 * HOURS);
      expect(results.join()).not.toContain('missing');
      expect(calls).toBeGreaterThan(6);
    });

    it.each(Object.entries(faults))(
      'survives at each call that %s',
      async (_, fault) => {
        for (let call = 1; call <= calls; call += step) await endure((at) => (at === call ? fault : null));
      },
      600_000,
    );

    it.each(Object.entries(faults))(
      'survives for long that %s',
      async (_, fault) => {
        for (const first of [1, Math.ceil(calls / 2)]) await endure((at) => (at >= first ? fault : null));
      },
      600_000,
    );
  });
}

function config(source: FireSource, limits: object): Config {
  const { name } = sourceOf('fire');
  const over = <T extends Dataset>(dataset: T): T => ({
    ...dataset,
    source: name,
    settleMs: 0,
    reviseForMs: 6 * HOUR,
  });
  return configOf([over(source.events), over(source.records)], {
    sources: { [name]: sourceOf(name, { maxRangeMs: 2 * HOUR, ...limits }) },
  });
}
