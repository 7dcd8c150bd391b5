import { describe, expect, it } from 'vitest';
import { events } from '../../../test/fakes/loop.ts';
import { at, bench, hourly } from '../../../test/fakes/loop-bench.ts';
import { failed } from '../../../test/fakes/loop-kpis.ts';
import { HOUR } from '../../core/time/interval.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';

const find = (tree: Derivation, label: string): readonly Derivation[] => [
  ...(tree.label === label ? [tree] : []),
  ...tree.children.flatMap((child) => find(child, label)),
];

describe('a change of what the account may see', () => {
  it('is told in the log, beside the evidence of what is then read, and in explain', async () => {
    const { restart, results, source, store } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    source.access = 'roles: analyst; indexes: windows, linux';
    const before = restart();
    await before.pass(at(10));
    await before.pass(at(11));
    expect(before.warnings).toEqual([]);
    source.access = 'roles: analyst; indexes: windows';
    const after = restart();
    await after.pass(at(12));
    await after.pass(at(13));
    expect(after.warnings).toEqual([
      expect.stringMatching(
        /^what the account may see changed.* before roles: .*linux; now roles: analyst; indexes: windows\./,
      ),
    ]);
    const warned = (await store.reads('logons', at(99), 9)).map(({ range, evidence }) => [
      ((range?.end ?? 0) - at(0)) / HOUR,
      evidence.warnings.length,
    ]);
    expect(warned).toEqual([
      [13, 0],
      [12, 1],
      [11, 0],
      [10, 0],
    ]);
    const told = await Promise.all(
      (await results('failed')).map(
        async (result) => find((await explainResult(store, result)).tree, 'access').length,
      ),
    );
    expect(told).toEqual([0, 0, 1, 0]);
  });

  it('is none where a source tells it for the first time', async () => {
    const { restart, source, store } = await bench({ definitions: [failed], datasets: [events('logons')] });
    source.access = 'roles: analyst';
    const { access: _, ...older } = await source.connector.probe(
      events('logons'),
      new AbortController().signal,
    );
    await store.uncover([], [], { key: 'probe logons', value: JSON.stringify(older) });
    const { pass, warnings } = restart();
    await pass(at(10));
    expect(warnings).toEqual([]);
  });
});
