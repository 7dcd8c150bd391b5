/** Collect, for datasets that are not sliced: new versions of records, and lists as they are now. */
import { hashOf } from '../../core/hash.ts';
import type { Instant } from '../../core/time/interval.ts';
import type { Probe } from '../../ports/connector.ts';
import type { Store } from '../../ports/store.ts';
import { type Ask, guarded } from '../ask/ask.ts';
import type { BoundKpi, RecordSetBinding } from '../bind/bind.ts';
import type { ListBinding } from '../bind/lists.ts';
import { hiddenFields, hiddenRecord } from '../bind/pseudonyms.ts';
import type { LoopContext } from '../context.ts';
import { type AccessChange, withAccess } from './access.ts';

interface ListInput {
  /** Only what this source holds. */
  readonly source: string;
  readonly kpis: readonly BoundKpi[];
  readonly probes: ReadonlyMap<string, Probe>;
  readonly changes: ReadonlyMap<string, AccessChange | null>;
  readonly asOf: Instant;
}

/** Reads the versions of records that came in since the last read, for every record set. */
export async function collectRecords(
  context: LoopContext,
  ask: Ask,
  input: ListInput,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    recordSetsOf(input).map((set) =>
      guarded(context, set.dataset, () => readRecordSet(context, ask, set, input, signal)),
    ),
  );
}

function recordSetsOf({ kpis, source }: Pick<ListInput, 'kpis' | 'source'>): RecordSetBinding[] {
  const sets = new Map<string, RecordSetBinding>();
  for (const kpi of kpis) {
    for (const bound of Object.values(kpi.measures)) {
      if (bound.kind !== 'records' || bound.set.dataset.source !== source) continue;
      sets.set(bound.set.fingerprint, bound.set);
    }
  }
  return [...sets.values()];
}

/** How many searches for records and lists a pass takes at the source. */
export async function listSearches(
  { store }: LoopContext,
  input: Omit<ListInput, 'probes' | 'changes'>,
): Promise<number> {
  const due = await Promise.all(listsOf(input).map((list) => isListDue(store, list, input.asOf)));
  return recordSetsOf(input).length + due.filter((one) => one).length;
}

async function readRecordSet(
  context: LoopContext,
  ask: Ask,
  binding: RecordSetBinding,
  input: ListInput,
  signal: AbortSignal,
): Promise<void> {
  const { store } = context;
  const { dataset, fields } = binding;
  const { asOf } = input;
  const types = input.probes.get(dataset.name)?.types ?? {};
  await ask(dataset.source, signal, async (connector, abort, alive) => {
    const set = await store.recordSet(dataset.name, binding.fingerprint);
    const request = { dataset, types, fields, asOf, cursor: set.cursor };
    let cursor = set.cursor;
    let quality: 'complete' | 'partial' = 'complete';
    for await (const batch of connector.readRecords(request, abort)) {
      abort.throwIfAborted();
      if (batch.quality === 'partial') quality = 'partial';
      cursor = batch.cursor ?? cursor;
      const evidence = withAccess(batch.evidence, input.changes.get(dataset.name));
      const read = { dataset: dataset.name, asOf, range: null, evidence };
      const records = batch.records.map((record) => hiddenRecord(record, dataset, context));
      await store.saveRecords({ setId: set.id, read, records, quality, done: null });
      alive();
    }
    abort.throwIfAborted();
    const nothing = { query: '', parameters: [], warnings: [], tookMs: 0, job: null };
    await store.saveRecords({
      setId: set.id,
      read: { dataset: dataset.name, asOf, range: null, evidence: nothing },
      records: [],
      quality,
      done: { cursor, asOf },
    });
  });
}

function listsOf({ kpis, source }: Pick<ListInput, 'kpis' | 'source'>): ListBinding[] {
  const lists = kpis.flatMap(({ lookups, measures }) => [
    ...lookups.map(({ list }) => list),
    ...Object.values(measures).flatMap((bound) => (bound.kind === 'snapshot' ? [bound.list] : [])),
  ]);
  const own = lists.filter(({ dataset }) => dataset.source === source);
  return [...new Map(own.map((list) => [list.key, list])).values()];
}

async function isListDue(store: Store, { dataset, key }: ListBinding, asOf: Instant): Promise<boolean> {
  const newest = await store.snapshot(key, asOf);
  return newest === null || newest.checkedAt + dataset.everyMs <= asOf;
}

/** Reads each list again when its time has come; an unchanged one is only marked as seen. */
export async function collectSnapshots(
  context: LoopContext,
  ask: Ask,
  input: ListInput,
  signal: AbortSignal,
): Promise<void> {
  const { store } = context;
  const { asOf } = input;
  await Promise.all(
    listsOf(input).map((list) =>
      guarded(context, list.dataset, async () => {
        const { dataset, fields, key } = list;
        if (!(await isListDue(store, list, asOf))) return;
        const types = input.probes.get(dataset.name)?.types ?? {};
        const reply = await ask(dataset.source, signal, (connector, abort) =>
          connector.readSnapshot({ dataset, types, fields }, abort),
        );
        const evidence = withAccess(reply.evidence, input.changes.get(dataset.name));
        const read = { dataset: dataset.name, asOf, range: null, evidence };
        const rows = reply.rows.map((row) => hiddenFields(row, dataset, context));
        await store.saveSnapshot({
          key,
          hash: hashOf(rows),
          rows,
          quality: reply.quality,
          read,
        });
      }),
    ),
  );
}
