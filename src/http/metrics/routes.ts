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
  app.get('/metrics', async (_request, reply) => {
    const snapshot = new Registry();
    kpiMetrics(snapshot, await read.kpis());
    serviceMetrics(snapshot, control.health());
    const texts = [await snapshot.metrics(), await ownProcess.metrics()];
    return reply.type(snapshot.contentType).send(texts.join('\n'));
  });
}
