/** The same queries by hand: one `_msearch`, as a person who knows Elasticsearch would write it. */
import { z } from 'zod';
import { type PeerInput, type PeerRun, queryOf } from './peer.ts';

const answerSchema = z.object({
  responses: z.array(z.object({ hits: z.object({ total: z.object({ value: z.number() }) }) })),
});

export async function runMsearch({ proxy, index, rules, windowMs }: PeerInput): Promise<PeerRun> {
  await proxy.take();
  const from = { wall: performance.now(), cpu: cpuMs() };
  const range = { range: { '@timestamp': { gte: `now-${windowMs / 1_000}s`, lt: 'now' } } };
  const lines = rules.flatMap((rule) => [
    { request_cache: false },
    { size: 0, track_total_hits: true, query: { bool: { filter: [...queryOf(rule), range] } } },
  ]);
  const response = await fetch(`${proxy.url}/${index}/_msearch`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
  });
  const { responses } = answerSchema.parse(await response.json());
  const counts = new Map(rules.map(({ name }, i) => [name, responses[i]?.hits.total.value ?? -1]));
  const [wallMs, cpu] = [performance.now() - from.wall, cpuMs() - from.cpu];
  const traffic = await proxy.take();
  return { name: 'one _msearch by hand', traffic, wallMs, cpuMs: cpu, process: null, counts };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
