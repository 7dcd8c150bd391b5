/** `/metrics`: one consistent snapshot of KPIs and health a scrape, and the process's own metrics. */
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Control, ReadModel } from '../../app/read-model.ts';
import { kpiMetrics } from './kpi-metrics.ts';
import { serviceMetrics } from './service-metrics.ts';

/** prom-client's, against Prometheus's naming rules: gauges that end in `_total`. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

function processRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return registry;
}

/** Registers `/metrics`. A scrape's registry is its own, so no series outlives the group or definition it spoke of. */
export function metricsRoute(app: FastifyInstance, read: ReadModel, control: Control): void {
  const ownProcess = processRegistry();
  const kpis = kpiText(read);
  app.get('/metrics', async (_request, reply) => {
    const service = new Registry();
    serviceMetrics(service, control.health());
    const texts = [await kpis(), await service.metrics(), await ownProcess.metrics()];
    return reply.type(service.contentType).send(texts.join('\n'));
  });
}

/** The KPIs' part, written anew when anything in it may have changed. */
function kpiText(read: ReadModel): () => Promise<string> {
  let last = { version: '', text: '' };
  return async () => {
    const version = await read.version();
    if (version !== last.version) {
      const registry = new Registry();
      kpiMetrics(registry, await read.kpis());
      last = { version, text: await registry.metrics() };
    }
    return last.text;
  };
}
