import { describe, expect, it } from 'vitest';
import { configOf, events, kpi, records, sourceOf } from '../../../test/fakes/loop.ts';
import { at, bench, hourly } from '../../../test/fakes/loop-bench.ts';
import { HOURLY, target } from '../../../test/fakes/loop-kpis.ts';
import type { Dataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { ConnectorError } from '../../core/errors.ts';
import { formatFilter } from '../../core/filter/format.ts';
import type { Connector } from '../../ports/connector.ts';
import type { Derivation } from '../read-model.ts';
import { derivationTree } from '../text.ts';
import { createReadModel } from '../views.ts';
import { withLinks } from './drill-down.ts';

const link: Connector['link'] = ({ dataset, where, range }) =>
  `https://siem.example/${dataset.name}?from=${range.start}&to=${range.end}&q=${encodeURIComponent(formatFilter(where))}`;

/** The tree of the newest result (or of a group's), with links as this connector makes them. */
async function explained(
  definition: KpiDefinition,
  dataset: Dataset,
  options: {
    readonly group?: Record<string, string>;
    readonly link?: Connector['link'];
    readonly webUrl?: string | undefined;
  } = {},
): Promise<Derivation> {
  const webUrl = 'webUrl' in options ? options.webUrl : 'https://siem.example';
  const config = configOf([dataset], { sources: { memory: sourceOf('memory', { options: { webUrl } }) } });
  const rows = hourly(0, 9, { result: 'failed', user: 'ann', id: 'a', opened: at(1) });
  const { restart, store, source } = await bench({
    definitions: [definition],
    datasets: [dataset],
    rows: { [dataset.name]: rows },
  });
  const { pass, clock } = restart();
  await pass(at(9));
  const read = withLinks(
    createReadModel(store, () => ({ config, definitions: [definition] }), clock),
    {
      store,
      config: () => config,
      connector: async () => ({ ...source.connector, link: options.link ?? link }),
    },
  );
  const explanation = await read.explain(definition.id, { group: options.group ?? null });
  if (explanation === null) throw new Error('nothing was explained');
  return explanation.tree;
}

const links = (tree: Derivation): Derivation[] => [
  ...(tree.label === 'see for yourself' ? [tree] : []),
  ...tree.children.flatMap(links),
];

const logons = events('logons', {
  fields: { 'event.outcome': 'result', 'user.name': 'user' },
  values: { 'event.outcome': { failure: ['failed'] } },
});
const failures = kpi({
  id: 'failures',
  measures: { failed: { dataset: 'logons', where: { 'event.outcome': 'failure' }, aggregate: 'count' } },
  groupBy: ['user.name'],
  window: HOURLY,
  targets: target,
});

describe('a derivation', () => {
  it('leads to the same query and range in the source’s own pages', async () => {
    const tree = await explained(failures, logons);
    const [found] = links(tree);
    expect(found?.value).toBe('in the pages of memory');
    const url = new URL(found?.link ?? '');
    expect([url.pathname, url.searchParams.get('from'), url.searchParams.get('to')]).toEqual([
      '/logons',
      String(at(8)),
      String(at(9)),
    ]);
    expect(url.searchParams.get('q')).toBe('result = failed');
    expect(derivationTree(tree)).toContain(`see for yourself: in the pages of memory\n`);
    expect(derivationTree(tree)).toContain(`<${found?.link}>`);
  });

  it('of a group leads to that group', async () => {
    const [found] = links(await explained(failures, logons, { group: { 'user.name': 'ann' } }));
    expect(new URL(found?.link ?? '').searchParams.get('q')).toContain('user = ann');
  });

  it('says where the pages show more than was counted', async () => {
    const definition = kpi({
      id: 'closed',
      measures: { n: { dataset: 'tickets', cohort: 'closed', aggregate: 'count' } },
      window: HOURLY,
      targets: target,
    });
    const [found] = links(await explained(definition, records('tickets')));
    expect(found?.value).toBe('in the pages of memory; all versions of cases opened before the window ended');
    expect(new URL(found?.link ?? '').searchParams.get('from')).toBe('0');
  });

  it('has no link where the source has no pages', async () => {
    expect(links(await explained(failures, logons, { webUrl: undefined }))).toEqual([]);
    expect(links(await explained(failures, logons, { link: () => null }))).toEqual([]);
  });

  it('says why where a link can’t be made, and shows all the rest', async () => {
    const refuse = () => {
      throw new ConnectorError('a regular expression can’t be shown there', { retryable: false });
    };
    const tree = await explained(failures, logons, { link: refuse });
    expect(links(tree)).toEqual([
      {
        label: 'see for yourself',
        value: 'there is no link: a regular expression can’t be shown there',
        children: [],
      },
    ]);
  });
});
