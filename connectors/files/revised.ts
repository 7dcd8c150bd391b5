/** Which slices are no longer what was read: nothing is asked where no file changed, else the slices are compared. */

import { z } from 'zod';
import type { RevisedReply, RevisedRequest } from '../../src/ports/connector.ts';
import { parseCursor } from '../shared/cursor.ts';
import type { Cell } from './duckdb.ts';
import { censusOf } from './query.ts';
import { ingestedOf, openScope, requireUnchanged } from './scope.ts';
import { notesOn, stateOf } from './slices.ts';
import { type Opened, openDataset, type Source } from './source.ts';
import { int, sql } from './sql.ts';
import { findUnreadable } from './unreadable.ts';

/** `hidden`: there were rows that came in only after that call's asOf, so that a later one sees more of the same files. */
const cursorSchema = z.object({ manifest: z.string(), hidden: z.boolean() });

export async function findRevised(
  source: Source,
  request: RevisedRequest,
  signal: AbortSignal,
): Promise<RevisedReply> {
  const opened = await openDataset(source, request.dataset, signal);
  try {
    const last = parseCursor(request.cursor, cursorSchema);
    if (last !== null && last.manifest === opened.manifest.hash && !last.hidden) {
      return { starts: [], cursor: request.cursor };
    }
    return await compare(opened, request);
  } finally {
    await opened.session.close();
  }
}

async function compare(opened: Opened, request: RevisedRequest): Promise<RevisedReply> {
  const { dataset, range, grain, known } = request;
  const scope = await openScope(opened, dataset, range, request.asOf, grain, [], { later: true });
  const unreadable = await findUnreadable(scope.opened, scope.relation, scope.needs, dataset.time);
  const ingested = ingestedOf(scope.relation, dataset);
  const found = new Map<number, Cell[]>();
  for (const row of await opened.session.all(censusOf(scope, ingested))) {
    found.set(range.start + Number(row[0]) * grain, row);
  }
  const hidden =
    ingested !== null &&
    (
      await opened.session.all(
        sql`SELECT 1 FROM ${scope.relation.from} WHERE ${ingested} >= ${int(request.asOf)} LIMIT 1`,
      )
    ).length > 0;
  await requireUnchanged(opened);
  const starts = [...known.keys()]
    .filter((start) => start >= range.start && start < range.end)
    .filter((start) => {
      const before = known.get(start);
      const now = stateOf(found.get(start) ?? null, notesOn(unreadable.gaps, start, grain));
      return (
        before?.events !== now.events ||
        before.maxIngested !== now.maxIngested ||
        before.digest !== now.digest
      );
    });
  return {
    starts: starts.sort((a, b) => a - b),
    cursor: JSON.stringify({ manifest: opened.manifest.hash, hidden }),
  };
}
