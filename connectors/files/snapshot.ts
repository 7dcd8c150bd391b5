/** A list as a whole: assets, people, known vulnerabilities. */

import { ConnectorError } from '../../src/core/errors.ts';
import type { Row } from '../../src/core/filter/model.ts';
import type { SnapshotReply, SnapshotRequest } from '../../src/ports/connector.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { requireUnchanged } from './scope.ts';
import { type Needs, openDataset, openRelation, readable, type Source } from './source.ts';
import { int, join, sql } from './sql.ts';
import { findUnreadable } from './unreadable.ts';
import { valueColumns } from './value.ts';

const MAX_ROWS = 1_000_000;

export async function readSnapshot(
  source: Source,
  request: SnapshotRequest,
  signal: AbortSignal,
): Promise<SnapshotReply> {
  const took = stopwatch();
  const { dataset } = request;
  const opened = await openDataset(source, dataset, signal);
  try {
    const native = (standard: string): string => dataset.fields[standard] ?? standard;
    const needs: Needs = {
      fields: [...new Set(request.fields.map(native))],
      instants: [],
      numbered: false,
      checks: [],
      keep: () => sql`true`,
    };
    const relation = await openRelation(opened, needs);
    const unreadable = await findUnreadable(opened, relation, needs, null);
    const fields = request.fields.map((standard) => ({
      standard,
      ...valueColumns(relation.field(native(standard))),
    }));
    const select = [sql`0`, ...fields.flatMap((field) => field.select)];
    const rows: Row[] = [];
    const chunks = opened.session.stream(
      sql`SELECT ${join(select, ', ')} FROM ${relation.from} WHERE ${readable(relation, needs.checks)} LIMIT ${int(MAX_ROWS + 1)}`,
    );
    for await (const chunk of chunks) {
      for (const values of chunk) {
        let at = 1;
        const entries = fields.map((field) => {
          at += field.select.length;
          return [field.standard, field.read(values.slice(at - field.select.length, at))] as const;
        });
        rows.push(Object.fromEntries(entries));
      }
    }
    await requireUnchanged(opened);
    if (rows.length > MAX_ROWS) throw tooLong(dataset.name);
    return {
      rows,
      quality: unreadable.count > 0 ? 'partial' : 'complete',
      evidence: evidenceOf(opened, unreadable.warnings, took()),
    };
  } finally {
    await opened.session.close();
  }
}

function tooLong(where: string): ConnectorError {
  return new ConnectorError(`The list has more than ${MAX_ROWS.toLocaleString('en')} rows`, {
    retryable: false,
    where,
    help: 'Narrow it by `files`, or make it a dataset of kind `events`.',
  });
}
