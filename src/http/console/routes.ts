/** The console's routes: pages as HTML, the style sheet for ever in the browser's cache, errors as pages. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ComponentChild } from 'preact';
import { z } from 'zod';
import type { Control, ReadModel } from '../../app/read-model.ts';
import { knownKpi } from '../api/routes.ts';
import { type SendError, sendJson } from '../base.ts';
import { HttpError } from '../errors.ts';
import { asOfParameters, group, windowSelector } from '../query.ts';
import { errorPage } from './error-page.ts';
import { homePage, homeTitle } from './home-page.ts';
import { focusOn, type KpiPageInput, kpiPage, kpiTitle } from './kpi-page.ts';
import { ICON, ICON_PATH, renderPage, STYLES_PATH } from './layout.ts';
import { STYLES } from './styles.ts';

/** Windows in a KPI's chart, and in the list's small lines. */
const CHART_WINDOWS = 72;
const LINE_WINDOWS = 24;

const pageQuery = z.object({
  window: windowSelector.optional(),
  group: group.optional(),
  ...asOfParameters,
});

type Write = (reply: FastifyReply, title: string, body: readonly ComponentChild[]) => FastifyReply;

const writer =
  (control: Control): Write =>
  (reply, title, body) =>
    reply
      .type('text/html; charset=utf-8')
      // Numbers change: ask again each time.
      .header('cache-control', 'no-cache')
      .send(renderPage({ title, health: control.health(), body: [...body] }));

/** Registers the pages and what they are made of. */
export function consoleRoutes(app: FastifyInstance, read: ReadModel, control: Control): void {
  const write = writer(control);
  const typed = app.withTypeProvider<ZodTypeProvider>();
  typed.get('/', { schema: { hide: true } }, async (_request, reply) => {
    const [kpis, sparklines] = await Promise.all([read.kpis(), read.sparklines(LINE_WINDOWS)]);
    return write(reply, homeTitle(kpis), homePage({ kpis, sparklines, now: read.now() }));
  });
  typed.get(
    '/kpis/:id',
    { schema: { hide: true, params: z.object({ id: z.string() }), querystring: pageQuery } },
    async (request, reply) => {
      const input = await kpiInput(read, request.params.id, request.query);
      return write(reply, kpiTitle(input), kpiPage(input));
    },
  );
  asset(app, STYLES_PATH, 'text/css; charset=utf-8', STYLES);
  asset(app, ICON_PATH, 'image/svg+xml', ICON);
}

function asset(app: FastifyInstance, path: string, type: string, content: string): void {
  app.get(path, { schema: { hide: true } }, (_request, reply) => {
    reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(content);
  });
}

async function kpiInput(
  read: ReadModel,
  id: string,
  query: z.infer<typeof pageQuery>,
): Promise<KpiPageInput> {
  const whole = await knownKpi(read, id);
  const wanted = query.group ?? null;
  const asOf = query.asOf ?? query['as-of'] ?? null;
  const [trend, explanation] = await Promise.all([
    read.trend(id, CHART_WINDOWS, wanted),
    read.explain(id, { ...query.window, group: wanted, ...(asOf === null ? {} : { asOf }) }),
  ]);
  if (wanted !== null && trend.length === 0) throw new HttpError(404, `‘${id}’ has no such group.`);
  const named = query.window !== undefined && 'window' in query.window ? query.window.window : null;
  const explained = explanation && { start: explanation.result.start, end: explanation.result.end };
  return {
    view: focusOn(whole, wanted, trend),
    trend,
    group: wanted,
    explanation,
    asOf,
    chosen: query.window === undefined ? null : (explained ?? named),
  };
}

/** Errors as pages for browsers, as JSON for everyone else. */
export function errorsAsPages(control: Control): SendError {
  const write = writer(control);
  return (request, reply, statusCode, body) => {
    if (wantsPage(request)) write(reply.code(statusCode), body.message, errorPage(body));
    else sendJson(request, reply, statusCode, body);
  };
}

const wantsPage = ({ url, headers }: FastifyRequest): boolean =>
  !url.startsWith('/api/') && !url.startsWith('/-/') && (headers.accept ?? '').includes('text/html');
