/** A real Elasticsearch for one program, ended with it; and what it all ran on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Admin, adminOf } from '../../../test/servers/client.ts';
import { startServer } from '../../../test/servers/server.ts';
import { type CountingProxy, startProxy } from './proxy.ts';

export interface Bench {
  /** The server itself, for what is not measured. */
  readonly admin: Admin;
  readonly url: string;
  /** Stands before the server and counts. */
  readonly proxy: CountingProxy;
  /** Removed at the end. */
  readonly folder: string;
}

const about = z.object({ version: z.object({ number: z.string() }) });

export async function onServer(heap: string, work: (bench: Bench) => Promise<void>): Promise<void> {
  process.env.ES_RUNNER_HEAP ??= heap;
  const folder = mkdtempSync(join(tmpdir(), 'clause9-bench-'));
  const server = await startServer('es9');
  try {
    const admin = adminOf(server.url);
    const { version } = about.parse(await admin.send('GET', '/'));
    console.log(
      `Elasticsearch ${version.number} (heap ${process.env.ES_RUNNER_HEAP}), Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GB; load of the machine before: ${loadavg()
        .map((load) => load.toFixed(1))
        .join(', ')}`,
    );
    const proxy = await startProxy(server.url);
    try {
      await work({ admin, url: server.url, proxy, folder });
    } finally {
      await proxy.stop();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
