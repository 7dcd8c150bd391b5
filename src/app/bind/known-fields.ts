/** What is read of a dataset with the fields (standard names) that all measures need: records, and lists. */
import type { Dataset } from '../../config/model.ts';
import type { Probe } from '../../ports/connector.ts';

/**
 * One binding for each dataset, with the fields of all measures. Where the source does not know all of them, one with
 * those that it knows stands beside it: a measure that the source refuses must not take the others down with it. Returns
 * the smaller one that has all wanted fields.
 */
export function byKnownFields<D extends Dataset, B>(
  probes: ReadonlyMap<string, Probe>,
  allFields: (dataset: D) => readonly string[],
  bindingOf: (dataset: D, fields: readonly string[]) => B,
): (dataset: D, wanted: readonly string[]) => B {
  const bindings = new Map<D, { readonly whole: B; readonly known: B }>();
  const isKnownIn = (dataset: D) => {
    const types = probes.get(dataset.name)?.types ?? {};
    return (field: string) => Object.hasOwn(types, dataset.fields[field] ?? field);
  };
  const bothOf = (dataset: D) => {
    const all = [...new Set(allFields(dataset))].sort();
    const known = all.filter(isKnownIn(dataset));
    const whole = bindingOf(dataset, all);
    // The same object where it is the same binding.
    return { whole, known: known.length === all.length ? whole : bindingOf(dataset, known) };
  };
  return (dataset, wanted) => {
    const both = bindings.get(dataset) ?? bothOf(dataset);
    bindings.set(dataset, both);
    return wanted.every(isKnownIn(dataset)) ? both.known : both.whole;
  };
}
