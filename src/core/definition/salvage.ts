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
  if (!isMap(value)) return {};
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

/** What to leave out: an unknown key alone, a measure alone, else the section. */
function brokenPart(path: Path, rule: string): Path {
  if (rule === 'unknown-key') return path;
  return path[0] === 'measures' ? path.slice(0, 2) : path.slice(0, 1);
}

function without(value: Readonly<Record<string, unknown>>, path: Path): Record<string, unknown> {
  const copy = Object.fromEntries(Object.entries(value));
  const [key, ...deeper] = path;
  if (typeof key !== 'string') return copy;
  const inner = copy[key];
  if (deeper.length === 0) delete copy[key];
  else if (isMap(inner)) copy[key] = without(inner, deeper);
  // Lists keep their indices, which later problems point to, so an item is not cut out of them.
  else if (Array.isArray(inner)) delete copy[key];
  return copy;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
