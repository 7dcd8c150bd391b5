/** A session of DuckDB ends when it is told to. */
import { describe, expect, it } from 'vitest';
import { openEngine } from './duckdb.ts';
import { sql } from './sql.ts';

describe('A query that is aborted', () => {
  it('is ended, also where it was just about to begin, when DuckDB forgets an interrupt', async () => {
    const engine = openEngine({ path: '.', memory: '64MB', threads: 1 });
    const controller = new AbortController();
    const session = await engine.session(controller.signal);
    const asked = session.all(sql`SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b`);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await session.close();
    await engine.close();
  });
});
