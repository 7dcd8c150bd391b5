/** The service's two faces, apart from listening: the API with the console, and the metrics. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Control, ReadModel } from '../app/read-model.ts';
import { kpiRoutes, reloadRoute } from './api/routes.ts';
import { createBase, healthRoutes } from './base.ts';
import { consoleRoutes, errorsAsPages } from './console/routes.ts';
import { registerDocs } from './docs.ts';
import { metricsRoute } from './metrics/routes.ts';

export interface ServerDeps {
  readonly read: ReadModel;
  readonly control: Control;
  readonly logger: FastifyBaseLogger;
  /** Requests a minute and address, each app for itself; default 1000. */
  readonly requestsPerMinute?: number;
}

export interface Server {
  /** API, its description and the console. */
  readonly api: FastifyInstance;
  /** `/metrics`, `/healthz` and `/readyz` alone. */
  readonly metrics: FastifyInstance;
}

/** Both apps, ready to listen or to `inject()`. Closing them is the caller's. */
export async function createServer(deps: ServerDeps): Promise<Server> {
  const shared = {
    logger: deps.logger,
    requestsPerMinute: deps.requestsPerMinute ?? 1000,
  };
  const api = await createBase({ ...shared, sendError: errorsAsPages(deps.control) });
  await registerDocs(api, deps.control.health().version);
  kpiRoutes(api, deps.read);
  reloadRoute(api, deps.control);
  healthRoutes(api, deps.control);
  consoleRoutes(api, deps.read, deps.control);
  const metrics = await createBase(shared);
  metricsRoute(metrics, deps.read, deps.control);
  healthRoutes(metrics, deps.control);
  return { api, metrics };
}
