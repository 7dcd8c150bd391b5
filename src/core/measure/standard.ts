/** Groups come back in the source's own words; results speak the standard ones. */
import type { ValueNames } from '../filter/bind.ts';
import type { Row } from '../filter/model.ts';
import { canonicalText } from '../filter/value.ts';
import { mergeTally } from './fold.ts';
import type { Tallies, Tally } from './tally.ts';

/** Puts standard values for the source's own in the groups' keys; what becomes one group is merged. */
export function standardTallies(tallies: Tallies, groupBy: readonly string[], values: ValueNames): Tallies {
  if (groupBy.every((field) => values[field] === undefined)) return tallies;
  const merged = new Map<string, Tally>();
  for (const [key, tally] of Object.entries(tallies)) {
    const standard = standardKey(key, groupBy, values);
    const before = merged.get(standard);
    merged.set(standard, before === undefined ? tally : mergeTally(before, tally));
  }
  return Object.fromEntries(merged);
}

function standardKey(key: string, groupBy: readonly string[], values: ValueNames): string {
  const own: unknown = JSON.parse(key);
  if (!Array.isArray(own)) return key;
  const texts = own.map((text: unknown, index) =>
    standardValue(String(text), values[groupBy[index] ?? ''] ?? {}),
  );
  return JSON.stringify(texts);
}

const standardValue = (own: string, values: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(values).find(([, texts]) => texts.includes(own))?.[0] ?? own;

/** A row's group fields with standard values for the source's own: each row counts once in a standard value. */
export function standardRow(row: Row, groupBy: readonly string[], values: ValueNames): Row {
  const mapped = groupBy.filter((field) => values[field] !== undefined);
  if (mapped.length === 0) return row;
  const standard = (field: string, value: Row[string]): Row[string] => {
    if (value === null || value === undefined) return null;
    const names = values[field] ?? {};
    if (typeof value !== 'object') return standardValue(canonicalText(value), names);
    return value.map((item) => (item === null ? null : standardValue(canonicalText(item), names)));
  };
  return { ...row, ...Object.fromEntries(mapped.map((field) => [field, standard(field, row[field])])) };
}
