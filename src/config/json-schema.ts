/** The JSON Schema of clause9.yaml, for editors, with the keys that the given source types add. */
import { z } from 'zod';
import type { ConnectorType } from '../ports/connector.ts';
import { configSchema, type DatasetKind, datasetShapes, sourceShape } from './schema.ts';

/** One alternative a source type, and one a dataset kind and source type. */
export function configJsonSchema(
  connectorTypes: readonly ConnectorType[],
): Readonly<Record<string, unknown>> {
  const sources = connectorTypes.map(({ type, sourceOptions }) =>
    withOptions({ ...sourceShape, type: z.literal(type).describe('Source type.') }, sourceOptions),
  );
  const datasets = connectorTypes.flatMap(({ datasetOptions }) =>
    kinds.map((kind) => withOptions(datasetShapes[kind], datasetOptions)),
  );
  const schema = configSchema.extend({
    sources: z.record(z.string(), z.union(sources)).describe('Connections, by name.'),
    datasets: z.record(z.string(), z.union(datasets)).describe('Named bodies of data, by name.'),
  });
  return {
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    title: 'Configuration of clause9',
  };
}

const kinds: readonly DatasetKind[] = ['events', 'records', 'snapshot'];

function withOptions(shape: z.ZodRawShape, options: z.ZodType): z.ZodType {
  return options instanceof z.ZodObject
    ? z.strictObject({ ...shape, ...options.shape })
    : z.looseObject(shape);
}
