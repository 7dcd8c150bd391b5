/** A list as a whole: assets, people, known vulnerabilities. */
import type { Row } from '../../../src/core/filter/model.ts';
import type { SnapshotReply, SnapshotRequest } from '../../../src/ports/connector.ts';
import { refusal } from './failure.ts';
import { allOf } from './filter.ts';
import { allHits, ignoredFields, valueIn } from './hits.ts';
import { resolveShown } from './schema.ts';
import { nativeFilter } from './scope.ts';
import { evidenceOf, thaw } from './search.ts';
import { open, type Source } from './source.ts';

const MAX_ROWS = 1_000_000;

export async function readSnapshot(
  source: Source,
  { dataset, fields }: SnapshotRequest,
  signal: AbortSignal,
): Promise<SnapshotReply> {
  const { session, schema } = await open(source, dataset, signal);
  try {
    const columns = fields.map((name) => [name, resolveShown(schema, dataset.fields[name] ?? name)] as const);
    const shown = columns.map(([, field]) => field);
    await source.engine.rights.requireSeen(session.index, shown, signal);
    const paths = new Set(columns.map(([, { path }]) => path));
    const rows: Row[] = [];
    let tainted = 0;
    const query = allOf(nativeFilter(dataset));
    for await (const hits of allHits(session, {
      query,
      fields: shown,
      sort: [],
    })) {
      for (const hit of hits) {
        rows.push(Object.fromEntries(columns.map(([name, field]) => [name, valueIn(hit, field)])));
        if (ignoredFields(hit).some((name) => paths.has(name))) tainted += 1;
      }
      if (rows.length > MAX_ROWS)
        throw refusal(
          dataset.name,
          `The list has more than ${MAX_ROWS.toLocaleString('en')} rows`,
          'Narrow it by `filter`, or make it a dataset of kind `events`.',
        );
    }
    if (tainted > 0)
      session.warnings.push(
        `${tainted} rows hold a value that is not indexed (too long, or of another type)`,
      );
    return { rows, quality: tainted > 0 ? 'partial' : 'complete', evidence: evidenceOf(session) };
  } finally {
    await thaw(session);
  }
}
