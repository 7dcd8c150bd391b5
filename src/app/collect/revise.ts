/** What was read already and has to be read again: late data, formulas put together anew, more groups allowed. */
import { OVERFLOW } from '../../core/measure/tally.ts';
import { type Instant, type Interval, intersect, union } from '../../core/time/interval.ts';
import { sliceStart } from '../../core/time/slice.ts';
import type { Store } from '../../ports/store.ts';
import type { Ask } from '../ask/ask.ts';
import type { LoopContext } from '../context.ts';
import type { CollectInput, SeriesGroup } from '../series.ts';

/** A new KPI may combine series that were read at different times: those slices are read again together. Returns which. */
export async function uncoverMixed({ store }: LoopContext, group: SeriesGroup): Promise<Interval[]> {
  const found: Interval[] = [];
  for (const ids of group.together) {
    if (ids.length < 2) continue;
    const name = `together ${ids.join()}`;
    if ((await store.cursor(name)) !== null) continue;
    const mixed = await store.mixedReads(ids, group.control.wanted, group.grain);
    await store.uncover(ids, mixed, { key: name, value: 'read together' });
    found.push(...mixed);
  }
  return union(found, []);
}

/** Slices that had more groups than were allowed are read again once more are. Returns which. */
export async function uncoverOverflown({ store }: LoopContext, group: SeriesGroup): Promise<Interval[]> {
  const found: Interval[] = [];
  for (const { id, binding, wanted } of group.series) {
    if (binding.groupBy.length === 0) continue;
    const key = `groups ${id}`;
    const before = await store.cursor(key);
    if (before !== null && Number(before) >= binding.maxGroups) continue;
    const slices = before === null ? [] : await store.slices(id, wanted);
    const overflown = slices.filter(({ tallies }) => Object.hasOwn(tallies, OVERFLOW));
    const intervals = overflown.map(({ start }) => ({ start, end: start + group.grain }));
    await store.uncover([id], intervals, { key, value: String(binding.maxGroups) });
    found.push(...intervals);
  }
  return union(found, []);
}

/** When a source was last asked for late data, and what it gave for the next time. */
interface Look {
  readonly asOf: Instant;
  readonly cursor: string | null;
}

/** The last look for late data behind a control series; null: there was none. */
export async function lastLook(store: Store, controlId: number): Promise<Look | null> {
  const text = await store.cursor(lookKey(controlId));
  return text === null ? null : JSON.parse(text);
}

const lookKey = (controlId: number): string => `revised ${controlId}`;

/**
 * Asks for slices that are not any more what was read. What came in since the last look may be as old as
 * `reviseFor` was then: a service that was away looks back further. Returns which slices it found.
 */
export async function uncoverRevised(
  context: LoopContext,
  ask: Ask,
  group: SeriesGroup,
  input: CollectInput,
  signal: AbortSignal,
): Promise<Interval[]> {
  const { dataset, grain, control } = group;
  const { store } = context;
  const { asOf } = input;
  const before = await lastLook(store, control.id);
  const since = Math.min(before?.asOf ?? 0, asOf) - dataset.settleMs - dataset.reviseForMs;
  const covered = (await store.coverage([control.id])).get(control.id) ?? [];
  const looked = intersect(covered, [{ start: sliceStart(since, grain), end: asOf }]);
  const [first, last] = [looked[0], looked.at(-1)];
  let cursor = before?.cursor ?? null;
  let starts: readonly Instant[] = [];
  if (first !== undefined && last !== undefined) {
    const range = { start: first.start, end: last.end };
    const known = await store.known(control.id, range);
    const types = input.probes.get(dataset.name)?.types ?? {};
    const reply = await ask(dataset.source, signal, (connector, abort) =>
      connector.findRevised({ dataset, types, grain, range, asOf, known, cursor }, abort),
    );
    starts = reply.starts.filter((start) => known.has(start));
    cursor = reply.cursor;
  }
  const found = starts.map((start) => ({ start, end: start + grain }));
  const look = { key: lookKey(control.id), value: JSON.stringify({ asOf, cursor } satisfies Look) };
  await store.uncover(await store.allSeries(dataset.name, grain), found, look);
  return union(found, []);
}
