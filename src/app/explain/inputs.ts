/** What a measure's value was made from, as a derivation tells it: down to the query text of each read. */
import type { MeasureInput, Result } from '../../core/result/model.ts';
import { formatInstant } from '../../core/time/interval.ts';
import type { Store, StoredRead, StoredSlice } from '../../ports/store.ts';
import type { Derivation } from '../read-model.ts';
import { node } from './notes.ts';
import { readNode, rolledNodes } from './rolled.ts';

/** Reads of a records dataset that are shown: the newest ones. */
const READS_SHOWN = 5;

/** Slices, records, lists or answers, each with the reads that it comes from, and what its filter looked up. */
export async function inputNodes(
  store: Store,
  result: Result,
  input: MeasureInput,
  dataset: string,
): Promise<Derivation[]> {
  const nodes = await ownNodes(store, result, input, dataset);
  for (const lookup of input.lookups ?? []) {
    const looked = lookup.kind === 'snapshot' ? await listNode(store, result, lookup.snapshot) : null;
    const occurred =
      lookup.kind === 'series' ? await seriesNode(store, result, lookup, lookup.dataset) : null;
    const found = looked ?? occurred;
    nodes.push(node('looked up in', lookup.dataset, ...(found === null ? [] : [found])));
  }
  return nodes;
}

async function ownNodes(
  store: Store,
  result: Result,
  input: MeasureInput,
  dataset: string,
): Promise<Derivation[]> {
  if (input.kind === 'series') return [await seriesNode(store, result, input, dataset)];
  if (input.kind === 'records') {
    const reads = await store.reads(dataset, result.asOf, READS_SHOWN);
    return [
      ...(input.clock === undefined ? [] : [node('clock', input.clock)]),
      node('record set', input.recordSet, node('newest reads', reads.length, ...reads.map(readNode))),
    ];
  }
  if (input.kind === 'query') return [await answerNode(store, result, input.query)];
  return [await listNode(store, result, input.snapshot)];
}

async function seriesNode(
  store: Store,
  result: Result,
  { series, grain }: { readonly series: number; readonly grain: number },
  dataset: string,
): Promise<Derivation> {
  const slices = await store.slices(series, result, result.asOf);
  const wanted = (result.end - result.start) / grain;
  const own = await slicesNode(store, slices, grain, wanted);
  if (slices.length === wanted) return own;
  return { ...own, children: [...own.children, ...(await rolledNodes(store, result, series, dataset))] };
}

/** The list that was in force at the window's end. */
async function listNode(store: Store, { end }: Result, key: string): Promise<Derivation> {
  const list = await store.snapshot(key, end);
  if (list === null) return node('snapshot', 'none was in force');
  const read = await store.read(list.readId);
  return node(
    'snapshot',
    `${list.rows.length} rows, taken ${formatInstant(list.asOf)}`,
    node('content hash', list.hash),
    ...(read === null ? [] : [readNode(read)]),
  );
}

async function answerNode(store: Store, result: Result, queryId: number): Promise<Derivation> {
  const answers = await store.answers(queryId, { start: result.end - 1, end: result.end }, result.asOf);
  const answer = answers.find(({ window }) => window.start === result.start);
  if (answer === undefined) return node('answer', 'none yet');
  const read = await store.read(answer.readId);
  return node(
    'answer',
    `revision ${answer.revision}, ${answer.quality}`,
    ...Object.entries(answer.values).map(([name, value]) => node(name, value)),
    ...answer.notes.map((note) => node('note', note)),
    ...(read === null ? [] : [readNode(read)]),
  );
}

/** Slices in runs of one read, revision and quality. */
async function slicesNode(
  store: Store,
  slices: readonly StoredSlice[],
  grain: number,
  wanted: number,
): Promise<Derivation> {
  const runs: { first: StoredSlice; last: StoredSlice; count: number }[] = [];
  for (const slice of slices) {
    const run = runs.at(-1);
    const continues =
      run !== undefined &&
      run.last.start + grain === slice.start &&
      run.last.readId === slice.readId &&
      run.last.revision === slice.revision &&
      run.last.quality === slice.quality &&
      run.last.notes.join() === slice.notes.join();
    if (!continues) runs.push({ first: slice, last: slice, count: 1 });
    else {
      run.last = slice;
      run.count++;
    }
  }
  const reads = new Map<number, StoredRead>();
  for (const id of new Set(runs.map((run) => run.first.readId))) {
    const read = await store.read(id);
    if (read !== null) reads.set(id, read);
  }
  const nodes = runs.map(({ first, last, count }) =>
    node(
      `${formatInstant(first.start)} to ${formatInstant(last.start + grain)}`,
      `${count} slices, ${first.quality}, revision ${first.revision}, read ${first.readId}`,
      ...first.notes.map((note) => node('note', note)),
    ),
  );
  return node(
    'slices',
    `${slices.length} of ${wanted}`,
    ...nodes,
    node('reads', reads.size, ...[...reads.values()].map(readNode)),
  );
}
