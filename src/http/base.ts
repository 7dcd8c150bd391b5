/**
 * What both apps share: schemas by zod, security headers, a rate limit over every route and every 404, errors
 * as data, and the health routes.
 */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Control } from '../app/read-model.ts';
import { describeError, type ErrorBody, HttpError } from './errors.ts';

export interface BaseOptions {
  readonly logger: FastifyBaseLogger;
  /** Requests a minute and address. */
  readonly requestsPerMinute: number;
  /** Sends an error; the console answers browsers with a page. */
  readonly sendError?: SendError;
}

export type SendError = (
  request: FastifyRequest,
  reply: FastifyReply,
  statusCode: number,
  body: ErrorBody,
) => void;

/** The error as data. */
export const sendJson: SendError = (_request, reply, statusCode, body) => {
  // The serialiser of the route knows only the route's own answers.
  reply.code(statusCode).type('application/json; charset=utf-8').serializer(JSON.stringify).send(body);
};

const QUIET = new Set(['/metrics', '/healthz', '/readyz']);

/** Nothing from elsewhere, no script, no inline style: pages are plain HTML with one style sheet. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

/** An app without routes. */
export async function createBase(options: BaseOptions): Promise<FastifyInstance> {
  const sendError = options.sendError ?? sendJson;
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { statusCode, body } = describeError(error);
    if (statusCode >= 500) request.log.error({ err: error }, 'request failed');
    sendError(request, reply, statusCode, body);
  };
  const app = Fastify({
    loggerInstance: options.logger,
    // Probes and scrapes come every few seconds and say nothing new.
    logController: new LogController({ disableRequestLogging: (request) => QUIET.has(request.url) }),
    bodyLimit: 64 * 1024,
    frameworkErrors: fail,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(fail);
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY_POLICY },
    // TLS ends at the proxy before us: what is promised of https is its to say.
    strictTransportSecurity: false,
    // Browsers reject it, loudly, on plain http; without scripts there is no opener to guard.
    crossOriginOpenerPolicy: false,
  });
  await app.register(rateLimit, {
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) =>
      new HttpError(429, `More than ${context.max} requests in a minute.`, `Try again in ${context.after}.`),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    const message = `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}.`;
    sendError(request, reply, 404, describeError(new HttpError(404, message)).body);
  });
  return app;
}

/** Registers `/healthz` and `/readyz`. */
export function healthRoutes(app: FastifyInstance, control: Control): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const answer = z.object({ status: z.string(), waitingFor: z.string().nullable().optional() });
  typed.get(
    '/healthz',
    { schema: { tags: ['Service'], summary: 'The process answers', response: { 200: answer } } },
    async () => ({ status: 'ok' }),
  );
  typed.get(
    '/readyz',
    {
      schema: {
        tags: ['Service'],
        summary: 'Definitions are loaded and the store is open',
        response: { 200: answer, 503: answer },
      },
    },
    async (_request, reply) => {
      const { ready, waitingFor } = control.health();
      return ready
        ? reply.code(200).send({ status: 'ready' })
        : reply.code(503).send({ status: 'not ready', waitingFor });
    },
  );
}
