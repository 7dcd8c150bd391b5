/**
 * Overlays: a definition that `extends` another one and says only what differs. Without an `id` of its own it takes
 * the other's place; with one it is a further KPI. Maps are merged, lists replaced, null removes a key.
 */
import { error, type Path, type Problem } from './problem.ts';
import { suggest } from './suggest.ts';

export type Written = Readonly<Record<string, unknown>>;

export interface Resolved {
  readonly value: Written;
  /** Indices of the documents that it was merged from, the one that counts most first. */
  readonly layers: readonly number[];
}

export interface Resolution {
  readonly definitions: readonly Resolved[];
  readonly problems: readonly { readonly document: number; readonly problem: Problem }[];
}

/** Merges every overlay into what it extends; a document whose base can't be had is reported and left out. */
export function resolveOverlays(documents: readonly Written[]): Resolution {
  const problems: { document: number; problem: Problem }[] = [];
  const adapted = new Set<string>();
  for (const value of documents) {
    if (isOverlay(value) && idOf(value) === value.extends) adapted.add(String(value.extends));
  }
  const definitions: Resolved[] = [];
  for (const [document, value] of documents.entries()) {
    if (!isOverlay(value) && adapted.has(idOf(value))) continue;
    const resolved = resolve(document, documents, []);
    if ('value' in resolved) definitions.push(resolved);
    else problems.push({ document, problem: resolved });
  }
  return { definitions, problems };
}

function isOverlay(value: Written): boolean {
  return value.extends !== undefined;
}

/** The id a document ends up with. */
function idOf(value: Written): string {
  return String(value.id ?? value.extends ?? '');
}

function resolve(
  document: number,
  documents: readonly Written[],
  above: readonly number[],
): Resolved | Problem {
  const value = documents[document] ?? {};
  if (!isOverlay(value)) return { value, layers: [document] };
  if (above.includes(document)) {
    const chain = [...above.slice(above.indexOf(document)), document].map((index) =>
      idOf(documents[index] ?? {}),
    );
    return error(
      'extends',
      ['extends'],
      `overlays extend each other in a circle: ${chain.join(' → ')}`,
      'One of them must be a whole definition.',
    );
  }
  const base = findBase(value, document, documents);
  if (base === null) return unknownBase(value, documents);
  const below = resolve(base, documents, [...above, document]);
  if (!('value' in below)) return below;
  const { extends: extended, ...own } = value;
  const merged = merge(below.value, { ...own, id: value.id ?? extended }, []);
  return { value: merged, layers: [document, ...below.layers] };
}

/** A further KPI builds on what a site made of its base; the overlay that takes its base's place, on the base itself. */
function findBase(value: Written, document: number, documents: readonly Written[]): number | null {
  const wanted = value.extends;
  const takesPlace = idOf(value) === wanted;
  const candidates = [...documents.keys()].filter(
    (index) => index !== document && idOf(documents[index] ?? {}) === wanted,
  );
  const isAdaptation = (index: number) => documents[index]?.extends === wanted;
  const preferred = candidates.find((index) => isAdaptation(index) !== takesPlace);
  return preferred ?? (takesPlace ? null : (candidates[0] ?? null));
}

function unknownBase(value: Written, documents: readonly Written[]): Problem {
  const wanted = String(value.extends);
  const known = documents.filter((other) => !isOverlay(other)).map(idOf);
  return error(
    'extends',
    ['extends'],
    `there is no definition "${wanted}" to extend`,
    suggest(wanted, known, 'Write the id of a loaded definition.'),
  );
}

function isMap(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(base: Written, over: Written, path: Path): Written {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    const here = [...path, key];
    if (value === null) delete merged[key];
    else if (isMap(value) && isMap(below) && !replacesWhole(here, below, value))
      merged[key] = merge(below, value, here);
    else merged[key] = value;
  }
  return merged;
}

/** Half of one filter or aggregate and half of another would mean what nobody wrote. */
function replacesWhole(path: Path, below: Written, value: Written): boolean {
  if (path.length === 1 && path[0] === 'window')
    return ['rolling', 'calendar'].some((kind) => kind in value && !(kind in below));
  return (
    path.length === 3 &&
    path[0] === 'measures' &&
    ['where', 'aggregate', 'decidedWhen', 'query'].includes(String(path[2]))
  );
}

/** How many steps of a path a document spells out itself: tells which layer a merged value came from. */
export function depthOf(value: unknown, path: Path): number {
  let node: unknown = value;
  for (const [depth, step] of path.entries()) {
    const next: unknown =
      Array.isArray(node) && typeof step === 'number'
        ? node[step]
        : isMap(node) && Object.hasOwn(node, step)
          ? node[step]
          : undefined;
    if (next === undefined) return depth;
    node = next;
  }
  return path.length;
}
