/** The connector of one Elasticsearch cluster. */
import type { SourceConfig } from '../../src/config/model.ts';
import { ConfigError } from '../../src/core/errors.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { connectorOf } from '../shared/search-engine/connector.ts';
import { runDsl, wrongLanguage } from '../shared/search-engine/native.ts';
import { openEngine } from './client.ts';
import { runEsql } from './esql.ts';
import { kibanaLink } from './link.ts';
import { sourceOptions } from './options.ts';

export function openElasticsearch(config: SourceConfig, folder: string): Connector {
  const parsed = sourceOptions.safeParse(config.options);
  if (!parsed.success)
    throw new ConfigError(`The source "${config.name}" is not valid`, { cause: parsed.error });
  const { webUrl, space } = parsed.data;
  const engine = openEngine(config.name, parsed.data, folder);
  return connectorOf(engine, {
    runQuery: async (request, signal) => {
      signal.throwIfAborted();
      if (request.language === 'dsl') return runDsl(engine, request, signal);
      if (request.language === 'esql') return runEsql(engine, request, signal);
      throw wrongLanguage('Elasticsearch', request, '`dsl` or `esql`');
    },
    link: webUrl === undefined ? null : (parts) => kibanaLink(webUrl, space, parts),
  });
}
