import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EXAMPLE } from '../../../test/fakes/definition.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { definitionJsonSchema } from './json-schema.ts';

/** Ajv judges, as Fastify carries it: 200 where it accepts the value. */
async function judge(schema: Readonly<Record<string, unknown>>, value: unknown): Promise<boolean> {
  const { $schema: _draft, ...body } = schema;
  const app = fastify({
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
  });
  app.post('/', { schema: { body } }, () => 'accepted');
  const { statusCode } = await app.inject({ method: 'POST', url: '/', payload: Object(value) });
  await app.close();
  return statusCode === 200;
}

describe('the JSON Schema for editors judges as validation does', () => {
  const records = {
    id: 'a',
    title: 'A',
    window: { calendar: 'month', timeZone: 'UTC' },
    measures: {
      only: {
        dataset: 'incidents',
        cohort: 'closed',
        aggregate: { within: '72h' },
        decidedWhen: { state: 'Closed' },
      },
    },
  };
  const cases: readonly (readonly [what: string, value: unknown, accepted: boolean])[] = [
    ['the example of the design', EXAMPLE, true],
    ['a measure of records', records, true],
    ['a missing title', { ...EXAMPLE, title: undefined }, false],
    ['an unknown key', { ...EXAMPLE, titel: 'x' }, false],
    [
      'an unknown key of a measure',
      { ...EXAMPLE, measures: { all: { dataset: 'a', aggregate: 'count', wheer: {} } } },
      false,
    ],
    ['a number for a control', { ...EXAMPLE, controls: [8.1] }, false],
    [
      'an overlay that says only what differs',
      { extends: 'a', unit: null, measures: { all: { where: { a: 'b' } }, failed: null } },
      true,
    ],
    ['an unknown key of an overlay', { extends: 'a', unti: 'percent' }, false],
  ];
  it.each(cases)('%s', async (_what, value, accepted) => {
    expect(await judge(definitionJsonSchema(), value)).toBe(accepted);
  });

  it('every field says what it is for', () => {
    const nodes = z.record(z.string(), z.unknown());
    const undescribed: string[] = [];
    const visit = (value: unknown, path: string): void => {
      const node = nodes.safeParse(value);
      if (!node.success) return;
      for (const [name, field] of Object.entries(nodes.safeParse(node.data.properties).data ?? {})) {
        if (nodes.parse(field).description === undefined && nodes.parse(field).not === undefined)
          undescribed.push(`${path}.${name}`);
      }
      for (const [key, inner] of Object.entries(node.data)) visit(inner, `${path}.${key}`);
    };
    visit(definitionJsonSchema().else, 'kpi');
    visit(configJsonSchema([]), 'config');
    expect(undescribed).toEqual([]);
  });
});

describe('the JSON Schema of the configuration', () => {
  const type = {
    type: 'files',
    sourceOptions: z.strictObject({ path: z.string() }),
    datasetOptions: z.strictObject({ files: z.string(), format: z.enum(['csv']).default('csv') }),
    fieldKinds: async () => [],
    open: () => Promise.reject(new Error('not here')),
  };
  const config = {
    sources: { logs: { type: 'files', path: './data' } },
    datasets: {
      auth: { kind: 'events', source: 'logs', files: 'a.csv', expectEvents: { atLeast: 1, every: '1h' } },
    },
  };
  const cases: readonly (readonly [what: string, value: unknown, accepted: boolean])[] = [
    ["takes the source type's own keys", config, true],
    [
      'refuses keys of no one',
      { ...config, datasets: { auth: { ...config.datasets.auth, index: 'x' } } },
      false,
    ],
    [
      'refuses a source type that is not there',
      { ...config, sources: { logs: { type: 'splunk', path: 'x' } } },
      false,
    ],
    ['asks for what the type needs', { ...config, sources: { logs: { type: 'files' } } }, false],
  ];
  it.each(cases)('%s', async (_what, value, accepted) => {
    expect(await judge(configJsonSchema([type]), value)).toBe(accepted);
  });
});
