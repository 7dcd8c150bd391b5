/** Keeps what is well-formed of a written definition, so that one wrong section doesn't hide problems in the others. */
import type { Path } from './problem.ts';
import { kpiSchema, kpiSectionsSchema, type WrittenSections } from './schema.ts';
import { readShape } from './shape.ts';
import type { Report } from './words.ts';

/** The sections that have the right shape; everything else is reported. */
export function salvage(
  value: unknown,
  source: ((path: Path) => string | undefined) | undefined,
  report: Report,
): WrittenSections {
  const whole = readShape(kpiSchema, value, { source });
  if ('value' in whole) return whole.value;
  for (const problem of whole.problems) report(problem);
  let rest = value;
  let problems = whole.problems;
  // Without an unknown key a part may be read as another kind of thing, so the cuts grow.
  for (const part of [brokenPart, (path: Path) => path.slice(0, 2), (path: Path) => path.slice(0, 1)]) {
    for (const problem of problems) rest = without(rest, part(problem.path, problem.rule));
    const again = readShape(kpiSectionsSchema, rest);
    if ('value' in again) return again.value;
    problems = again.problems;
  }
  return {};
}

/** What to leave out: an unknown key alone, a measure, a target, an exclusion alone, else the section. */
function brokenPart(path: Path, rule: string): Path {
  if (rule === 'unknown-key') return path;
  return path.slice(0, ['measures', 'targets', 'exclusions'].includes(String(path[0])) ? 2 : 1);
}

function without(value: unknown, path: Path): unknown {
  const [step, ...deeper] = path;
  if (Array.isArray(value)) {
    // Later problems point to the indices of a list, so an item leaves a hole.
    const cut = (item: unknown) => (deeper.length === 0 ? null : without(item, deeper));
    return value.map((item: unknown, index) => (index === step ? cut(item) : item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const others = Object.entries(value).filter(([key]) => key !== step || deeper.length > 0);
  return Object.fromEntries(
    others.map(([key, inner]) => [key, key === step ? without(inner, deeper) : inner]),
  );
}
