/** Prometheus label names for fields and labels that people name: valid, and never two for one. */

/** Labels that metrics give a meaning of their own. */
const TAKEN = [
  'kpi',
  'bound',
  'verdict',
  'quality',
  'reason',
  'title',
  'owner',
  'unit',
  'direction',
  'status',
  'le',
];

/** Dots and whatever else a label can't have become underscores; names that begin with `__` are Prometheus's own. */
const sanitise = (name: string): string => {
  const plain = name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^__+/, '_');
  return /^[0-9]/.test(plain) || plain === '' ? `_${plain}` : plain;
};

/**
 * A label name for each of the names, in their order. One that another has already, or that a metric gives a
 * meaning, gets a number: `user.domain` → `user_domain`, then `user_domain` → `user_domain_2`.
 */
export function labelNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(TAKEN);
  const labels = new Map<string, string>();
  for (const name of names) {
    const plain = sanitise(name);
    let label = plain;
    for (let count = 2; taken.has(label); count += 1) label = `${plain}_${count}`;
    taken.add(label);
    labels.set(name, label);
  }
  return labels;
}

/** The values under their label names. */
export const labelled = (
  values: Readonly<Record<string, string>>,
  names: ReadonlyMap<string, string>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [names.get(name) ?? sanitise(name), value]),
  );
