/**
 * The loop under fire: whatever happens to any one call of a connector, or to many, a pass ends, no wrong number is
 * stored, and when the fault is over everything heals to what an undisturbed run says. A connector's own test calls
 * `provesUnderFire` with a source whose connections can be led through the proxy.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../../src/core/result/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { runLoop } from '../fakes/loop.ts';
import { type Fault, startProxy, type TcpProxy } from '../fakes/proxy.ts';
import {
  AFTER,
  configFor,
  definitionsFor,
  fill,
  LISTED,
  PASSES,
  type ScenarioSource,
  START,
} from './fire-scenario.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface FireSource extends ScenarioSource {
  /** Where the real server listens: the proxy stands before it. */
  readonly server: Address;
  /** A connector that speaks with this address in the server's place, and keeps connections for its own calls only. */
  connect(address: Address): Promise<Connector>;
  close(): Promise<void>;
}

export interface FireOptions {
  /** Which calls are tried alone. All, unless told: a source that takes many calls can't afford it. */
  readonly alone?: 'every call' | 'the first and the last call of each kind';
  /** Silence in a call after which it is cancelled, while nothing comes back. Longer than the source usually takes. */
  readonly deadlineMs?: number;
}

/** Those of the last four speak plain HTTP. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'the connection is refused': { kind: 'refuse' },
  'the connection is reset': { kind: 'reset' },
  'nothing comes back': { kind: 'black-hole' },
  'the answer is late': { kind: 'delay', ms: 40 },
  'the answer is cut at once': { kind: 'cut', afterBytes: 0 },
  'the answer is cut in its head': { kind: 'cut', afterBytes: 20 },
  'the answer is cut in its body': { kind: 'cut', afterBytes: 400 },
  'a page comes with 200': { kind: 'html' },
  'the JSON is cut': { kind: 'truncated-json' },
  'the content is of another type': { kind: 'wrong-type' },
  'an error has a body of 10 MB': { kind: 'huge-error' },
};

/** Runs at a time, each with a source and a proxy of its own: most of the time of a fault is waiting. */
const LANES = 4;
/** Where many calls are spoilt in one run, one in so many is: each reading then has a chance. */
const ONE_IN = 9;

interface Lane {
  readonly source: FireSource;
  readonly proxy: TcpProxy;
}

/** A call of a run: its number, and which one of its kind it is, from 1 on. */
interface Call {
  readonly number: number;
  readonly kind: string;
  readonly nth: number;
}

interface Run {
  /** What was stored after each pass. */
  readonly stored: readonly (readonly Result[])[];
  /** After a restart without faults. */
  readonly healed: readonly Result[];
  /** Those that could be spoilt. */
  readonly calls: readonly Call[];
}

/** A result's place, and what it says there. */
const placeOf = ({ kpi, group, end }: Result): string =>
  `${kpi} ${JSON.stringify(group)} ${(end - START) / HOUR}`;
const saidOf = ({ value, lower, upper, sample, quality, verdict, reason, final }: Result): string =>
  JSON.stringify({ value, lower, upper, sample, quality, verdict, reason, final });
type Said = ReadonlyMap<string, string>;
const said = (results: readonly Result[]): Said => new Map(results.map((one) => [placeOf(one), saidOf(one)]));

/** What a source that was not asked, or did not answer, may look like. */
const HONEST = new Set(['missing', 'partial', 'stale']);
const isHonest = ({ reason }: Result): boolean => reason !== null && HONEST.has(reason);

/** Method and path, with `*` for the names that are others in each run. */
function kindOf(bytes: Buffer): string {
  const [method = '', path = ''] = bytes.toString('latin1', 0, 2_000).split(' ');
  return `${method} ${path.replace(/\?.*/, '').replace(/contract-[0-9a-f]{8}|c9_\w+|[\w-]{20,}(?::\d+)?/g, '*')}`;
}

/** All passes with the faults, then one of a restarted loop without. */
async function run(
  { source, proxy }: Lane,
  fault: (call: Call) => Fault | null,
  limits: object = {},
): Promise<Run> {
  const store = await openSqlite(':memory:');
  const connector = await source.connect(proxy);
  const definitions = definitionsFor(source);
  const loopWith = (more: object) =>
    runLoop({ config: configFor(source, more), definitions, store, connector, pace: { retries: 1 } });
  const known = async () =>
    (await Promise.all(definitions.map(({ id }) => store.results({ kpi: id })))).flat();
  const calls: Call[] = [];
  proxy.fault = (bytes) => {
    const kind = kindOf(bytes);
    const nth = calls.filter((call) => call.kind === kind).length + 1;
    const call = { number: calls.length + 1, kind, nth };
    calls.push(call);
    return fault(call);
  };
  try {
    const { pass } = loopWith(limits);
    const stored: (readonly Result[])[] = [];
    for (const at of PASSES) {
      await pass(at);
      stored.push(await known());
    }
    proxy.fault = () => null;
    await loopWith({}).pass(AFTER);
    return { stored, healed: await known(), calls };
  } finally {
    proxy.fault = () => null;
    await connector.close();
    await store.close();
  }
}

export function provesUnderFire(
  name: string,
  makeSource: () => Promise<FireSource>,
  { alone = 'every call', deadlineMs = 400 }: FireOptions = {},
): void {
  let lanes: readonly Lane[] = [];
  /** What is known after each pass when nothing goes wrong, and the calls that it took to know it. */
  let truth: readonly Said[];
  let calls: readonly Call[];

  /** Every number was the undisturbed one's, then or (where it could not be asked for news) before. */
  const expectNoWrongNumber = (stored: readonly (readonly Result[])[]) => {
    for (const [index, results] of stored.entries()) {
      for (const result of results.filter((one) => !isHonest(one))) {
        const allowed = truth.slice(0, index + 1).map((one) => one.get(placeOf(result)));
        expect(allowed, `${placeOf(result)} after pass ${index + 1}`).toContain(saidOf(result));
      }
    }
  };

  const expectHealed = (healed: readonly Result[]) => {
    const isLost = (one: Result) => one.kpi === LISTED && isHonest(one);
    const lost = healed.filter(isLost).map(placeOf);
    const expected = [...(truth.at(-1) ?? [])].filter(([place]) => !lost.includes(place));
    expect(said(healed.filter((one) => !isLost(one)))).toEqual(new Map(expected));
  };

  /** Whether any call was spoilt. */
  const endure = async (lane: Lane, fault: (call: Call) => Fault | null, deadlineMs: number) => {
    let isSpoilt = false;
    const noted = (call: Call) => {
      const one = fault(call);
      isSpoilt ||= one !== null;
      return one;
    };
    const { stored, healed } = await run(lane, noted, { deadlineMs });
    expectNoWrongNumber(stored);
    expectHealed(healed);
    return isSpoilt;
  };

  /** Spoils calls. On a busy machine an earlier one may meet the deadline: then again, with a longer one. */
  const spoil = async (lane: Lane, fault: (call: Call) => Fault | null) => {
    for (let limit = deadlineMs; limit <= 100 * deadlineMs; limit *= 4)
      if (await endure(lane, fault, limit)) return;
    throw new Error('no call was spoilt');
  };

  /** Tries each, as many at a time as there are lanes; an error says which one it was. */
  const each = async <T>(targets: readonly T[], work: (lane: Lane, target: T) => Promise<void>) => {
    const left = [...targets];
    const walk = async (lane: Lane) => {
      for (let target = left.shift(); target !== undefined; target = left.shift()) {
        await work(lane, target).catch((cause: unknown) => {
          left.length = 0;
          throw new Error(`at ${JSON.stringify(target)}`, { cause });
        });
      }
    };
    for (const outcome of await Promise.allSettled(lanes.map(walk)))
      if (outcome.status === 'rejected') throw outcome.reason;
  };

  describe(`${name} under fire`, () => {
    beforeAll(async () => {
      lanes = await Promise.all(
        Array.from({ length: LANES }, async () => {
          const source = await makeSource();
          await fill(source);
          return { source, proxy: await startProxy(source.server) };
        }),
      );
      const [lane] = lanes;
      if (lane === undefined) throw new Error('there is no lane');
      const undisturbed = await run(lane, () => null);
      truth = [...undisturbed.stored, undisturbed.healed].map(said);
      calls = undisturbed.calls;
    }, 480_000);
    afterAll(async () => {
      await Promise.all(lanes.flatMap(({ source, proxy }) => [proxy.stop(), source.close()]));
    });

    it('is measured in full where nothing goes wrong', () => {
      const results = [...(truth.at(-1)?.values() ?? [])];
      expect(results.length).toBeGreaterThan(15);
      expect(results.join()).not.toContain('missing');
      expect(calls.length).toBeGreaterThan(10);
    });

    const faults = Object.entries(FAULTS);

    it.each(faults)(
      `survives at ${alone} that %s`,
      async (_, fault) => {
        const last = new Map(calls.map(({ kind, nth }) => [kind, nth]));
        const tried = calls.filter(
          ({ kind, nth }) => alone === 'every call' || nth === 1 || nth === last.get(kind),
        );
        await each(tried, async (lane, { kind, nth }) => {
          await spoil(lane, (call) => (call.kind === kind && call.nth === nth ? fault : null));
        });
      },
      600_000,
    );

    it(`survives one call in ${ONE_IN}, from each of the first ${ONE_IN} on, each with another fault`, async () => {
      const kinds = Object.values(FAULTS);
      const firsts = Array.from({ length: ONE_IN }, (_, i) => i + 1);
      await each(firsts, async (lane, first) => {
        await spoil(lane, ({ number }) => kinds[((number - first) / ONE_IN + first) % kinds.length] ?? null);
      });
    }, 600_000);

    it.each(faults)(
      'survives for long that %s',
      async (_, fault) => {
        await each([1, Math.ceil(calls.length / 2)], async (lane, first) => {
          await spoil(lane, ({ number }) => (number >= first ? fault : null));
        });
      },
      600_000,
    );
  });
}
