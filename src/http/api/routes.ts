/** The routes under `/api/v1`, and `/-/reload`. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { resultRow } from '../../app/evaluate/result-row.ts';
import type { Control, KpiView, ReadModel } from '../../app/read-model.ts';
import type { Result } from '../../core/result/model.ts';
import { errorBody, HttpError } from '../errors.ts';
import { asOfParameters, cursor, group, instant, windowSelector, writeCursor } from '../query.ts';
import { kpiDetail, kpiRow } from './kpi-row.ts';
import { explanationSchema, kpiDetailSchema, kpiSchema, reloadSchema, resultsPageSchema } from './schemas.ts';

const idParameter = z.object({ id: z.string().describe('The KPI’s id') });

/** The KPI's view; throws a 404 that says where the ids are. */
export async function knownKpi(read: ReadModel, id: string): Promise<KpiView> {
  const view = await read.kpi(id);
  if (view === null) throw new HttpError(404, `There is no KPI ‘${id}’.`, 'GET /api/v1/kpis lists them.');
  return view;
}

const resultsQuery = z.object({
  from: instant.optional().describe('Windows that end after this'),
  to: instant.optional().describe('Windows that end at or before this'),
  group: group.optional().describe('`field=value`, repeated; `total`: only the KPI’s own; absent: all'),
  ...asOfParameters,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: cursor.optional().describe('`next` of the page before'),
});

/** The page and where the next one starts. Rows come by window end, so that later ones never shift a page. */
async function resultsPage(read: ReadModel, id: string, query: z.infer<typeof resultsQuery>) {
  const asOf = query.asOf ?? query['as-of'];
  const from = query.cursor === undefined ? query.from : query.cursor.end - 1;
  const found = await read.results({
    kpi: id,
    ...(from === undefined ? {} : { from }),
    ...(query.to === undefined ? {} : { to: query.to }),
    ...(query.group === undefined ? {} : { group: query.group }),
    ...(asOf === undefined ? {} : { asOf }),
    limit: query.limit + 1,
    offset: query.cursor?.given ?? 0,
    order: 'ascending',
  });
  const page = found.slice(0, query.limit);
  return { results: page.map(resultRow), next: found.length > page.length ? nextCursor(page, query) : null };
}

function nextCursor(page: readonly Result[], query: z.infer<typeof resultsQuery>): string | null {
  const end = page.at(-1)?.end;
  if (end === undefined) return null;
  const before = query.cursor?.end === end ? query.cursor.given : 0;
  return writeCursor({ end, given: before + page.filter((result) => result.end === end).length });
}

/** Registers the KPI routes. */
export function kpiRoutes(app: FastifyInstance, read: ReadModel): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const schema = { tags: ['KPIs'] };

  typed.get(
    '/api/v1/kpis',
    {
      schema: {
        ...schema,
        summary: 'Every KPI with its verdict, what needs a decision first',
        response: { 200: z.object({ kpis: z.array(kpiSchema) }) },
      },
    },
    async () => ({ kpis: (await read.kpis()).map(kpiRow) }),
  );

  typed.get(
    '/api/v1/kpis/:id',
    {
      schema: {
        ...schema,
        summary: 'One KPI with its groups and definition',
        params: idParameter,
        response: { 200: kpiDetailSchema, 404: errorBody },
      },
    },
    async (request) => kpiDetail(await knownKpi(read, request.params.id)),
  );

  typed.get(
    '/api/v1/kpis/:id/results',
    {
      schema: {
        ...schema,
        summary: 'Results by window, oldest first; the newest revision of each',
        params: idParameter,
        querystring: resultsQuery,
        response: { 200: resultsPageSchema, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      await knownKpi(read, request.params.id);
      return resultsPage(read, request.params.id, request.query);
    },
  );

  explainRoute(app, read);
}

function explainRoute(app: FastifyInstance, read: ReadModel): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/kpis/:id/explain',
    {
      schema: {
        tags: ['KPIs'],
        summary: 'The whole derivation of one number',
        params: idParameter,
        querystring: z.object({
          window: windowSelector
            .optional()
            .describe('The window’s start, or `start/end`; absent: the newest'),
          group: group.optional(),
          ...asOfParameters,
        }),
        response: { 200: explanationSchema, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { newest, status } = await knownKpi(read, id);
      const { window, group: wantedGroup, ...times } = request.query;
      const asOf = times.asOf ?? times['as-of'];
      const explanation = await read.explain(id, {
        ...window,
        ...(asOf === undefined ? {} : { asOf }),
        ...(wantedGroup === undefined ? {} : { group: wantedGroup }),
      });
      if (explanation === null)
        throw new HttpError(
          404,
          asOf === undefined
            ? 'There is no result for this window.'
            : 'No result for this window was known then.',
          // Of a KPI that never had one it tells what stands in the way.
          (newest === null ? status.sentence : null) ?? `GET /api/v1/kpis/${id}/results lists the windows.`,
        );
      return { ...explanation, result: resultRow(explanation.result) };
    },
  );
}

/**
 * Registers `POST /-/reload`. It takes a header of its own: a page of another site can't send one without a
 * preflight request, which is never granted, so that no visitor's browser can be made to reload us.
 */
export function reloadRoute(app: FastifyInstance, control: Control): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/-/reload',
    {
      schema: {
        tags: ['Service'],
        summary: 'Read configuration and definitions again; a bad set leaves the good one in force',
        headers: z.object({ 'x-clause9': z.string().optional().describe('Must be `reload`') }),
        response: { 200: reloadSchema, 403: errorBody, 422: reloadSchema },
      },
    },
    async (request, reply) => {
      if (request.headers['x-clause9'] !== 'reload')
        throw new HttpError(403, 'A reload needs the header X-Clause9.', 'Send it as `X-Clause9: reload`.');
      const outcome = await control.reload();
      return reply.code(outcome.ok ? 200 : 422).send(outcome);
    },
  );
}
