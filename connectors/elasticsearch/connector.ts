/** The connector of one Elasticsearch cluster. */
import type { SourceConfig } from '../../src/config/model.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { parsedOptions } from '../shared/options.ts';
import { connectorOf } from '../shared/search-engine/connector.ts';
import { runDsl } from '../shared/search-engine/native.ts';
import { openEngine } from './client.ts';
import { runEsql } from './esql.ts';
import { kibanaLink } from './link.ts';
import { sourceOptions } from './options.ts';

export function openElasticsearch(config: SourceConfig, folder: string): Connector {
  const options = parsedOptions(sourceOptions, 'source', config);
  const { webUrl, space } = options;
  return connectorOf(openEngine(config.name, options, folder), {
    queries: { dsl: runDsl, esql: runEsql },
    link: webUrl === undefined ? null : (parts) => kibanaLink(webUrl, space, parts),
  });
}
