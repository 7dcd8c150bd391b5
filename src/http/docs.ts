/** The API's description: OpenAPI at `/docs/json`, and a page to read and try it at `/docs`, from local files only. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { ICON } from './console/layout.ts';

/** The one page that runs scripts: its own files, and nothing from elsewhere. */
const DOCS_POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** Registers the description; must come before the routes that it describes. */
export async function registerDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'clause9',
        description: 'KPIs for ISO/IEC 27001 clause 9: verdicts, results and how each number came about.',
        version,
      },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_POLICY,
    theme: { title: 'clause9 API' },
    logo: { type: 'image/svg+xml', content: ICON, href: '/' },
  });
}
