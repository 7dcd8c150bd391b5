/** What links into Kibana and OpenSearch Dashboards have in common. */
import type { Connector } from '../../../src/ports/connector.ts';
import type { Server } from './engine.ts';
import type { Query } from './filter.ts';
import { queryOf, timeOf } from './look.ts';
import { schemaOfTypes } from './schema.ts';
import { optionsOf } from './scope.ts';
import type { Source } from './source.ts';

/** What a link is made of. */
export interface LinkParts {
  readonly index: string;
  readonly dataView: string | null;
  readonly time: string;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly query: Query;
  /** Null: never asked. */
  readonly server: Server | null;
}

export function linkParts({ engine, schemas }: Source, request: Parameters<Connector['link']>[0]): LinkParts {
  const { dataset, types, range } = request;
  const { index, dataView = null } = optionsOf(dataset);
  const schema = schemas.get(index) ?? schemaOfTypes(types, dataset.name);
  return {
    index,
    dataView,
    time: timeOf(dataset),
    from: new Date(range.start).toISOString(),
    // Its pages take both ends in.
    to: new Date(range.end - 1).toISOString(),
    query: queryOf(schema, request),
    server: engine.known(),
  };
}

/** The filter as both keep one that was written by hand. */
export function handWritten(query: Query) {
  const meta = {
    alias: 'clause9',
    disabled: false,
    negate: false,
    type: 'custom',
    key: 'query',
    value: JSON.stringify(query),
  };
  return { $state: { store: 'appState' }, meta, query };
}
