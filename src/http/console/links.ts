/** The console's addresses. */
import type { Instant, Interval } from '../../core/time/interval.ts';
import { formatInstant } from '../../core/time/interval.ts';

type Group = Readonly<Record<string, string>> | null;

export interface Selection {
  readonly group?: Group;
  readonly window?: Interval;
  readonly asOf?: Instant;
}

function query({ group, window, asOf }: Selection): string {
  const parameters = new URLSearchParams();
  if (window !== undefined)
    parameters.set('window', `${formatInstant(window.start)}/${formatInstant(window.end)}`);
  if (asOf !== undefined) parameters.set('as-of', formatInstant(asOf));
  for (const [field, value] of Object.entries(group ?? {})) parameters.append('group', `${field}=${value}`);
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** A KPI's page, of a group's if one is named. */
export const kpiLink = (id: string, selection: Selection = {}): string =>
  `/kpis/${encodeURIComponent(id)}${query(selection)}`;

/** A number's derivation on its KPI's page. */
export const derivationLink = (id: string, selection: Selection): string =>
  `${kpiLink(id, selection)}#derivation`;

/** The same derivation as JSON. */
export const explainLink = (id: string, selection: Selection): string =>
  `/api/v1/kpis/${encodeURIComponent(id)}/explain${query(selection)}`;
