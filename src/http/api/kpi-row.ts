/** A KPI view as the API shows it. */

import { resultRow } from '../../app/evaluate/result-row.ts';
import type { KpiView } from '../../app/read-model.ts';

/** One KPI of the list. */
export const kpiRow = (view: KpiView) => ({
  id: view.definition.id,
  title: view.definition.title,
  unit: view.definition.unit,
  direction: view.definition.direction,
  ...view.status,
  configured: view.missingDatasets.length === 0,
  missingDatasets: view.missingDatasets,
  newest: view.newest === null ? null : resultRow(view.newest),
  target: view.target,
  benchmarks: view.benchmarks.map(({ label, value }) => ({ label, value })),
  groups: view.groups.length,
  ageMs: view.ageMs,
  controls: view.definition.controls,
  owner: view.definition.roles.owner ?? null,
  headline: view.definition.headline,
});

/** The same with its groups, worst first, and its definition. */
export const kpiDetail = (view: KpiView) => ({
  ...kpiRow(view),
  groupResults: view.groups.map(({ result, status, target }) => ({
    ...status,
    target,
    result: resultRow(result),
  })),
  definition: { ...view.definition },
});
