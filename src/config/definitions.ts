/** Loads KPI definitions from files and folders: overlays merged, every problem with the place it was written at. */
import { dirname, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { SigmaFile } from '../core/definition/filters.ts';
import type { KpiDefinition } from '../core/definition/model.ts';
import { depthOf, type Resolved, resolveOverlays, type Written } from '../core/definition/overlay.ts';
import { parseDefinition } from '../core/definition/parse.ts';
import { error, type Path, type Problem } from '../core/definition/problem.ts';
import type { LogSource } from '../core/filter/parse.ts';
import { findDefinitionFiles, readTextFile } from './files.ts';
import { type LocatedProblem, type Location, locateAll, located, sortProblems } from './located.ts';
import { type Position, readYaml, type YamlText } from './yaml.ts';

export interface LoadedDefinition {
  readonly definition: KpiDefinition;
  /** The file that counts most: the overlay's, where there is one. */
  readonly file: string;
  /** Where a part of the definition was written. */
  readonly locate: (problem: Pick<Problem, 'path' | 'at' | 'offset'>) => Location;
  /** The log sources of the Sigma rule files that measures name. */
  readonly logSources: readonly { readonly path: Path; readonly logsource: LogSource }[];
}

export interface LoadedDefinitions {
  readonly definitions: readonly LoadedDefinition[];
  /** The ids of all, also of those with errors. */
  readonly ids: ReadonlySet<string>;
  /** Sorted by place. */
  readonly problems: readonly LocatedProblem[];
  /** Every file read, Sigma rules included: what to watch for changes. */
  readonly files: readonly string[];
}

interface Document {
  readonly file: string;
  readonly text: YamlText;
  readonly value: Written;
}

/** Files and folders as absolute paths. A definition with an error is left out and its errors are listed; never throws. */
export async function loadDefinitions(paths: readonly string[]): Promise<LoadedDefinitions> {
  const found = findDefinitionFiles(paths);
  const problems = found.problems.map(({ file, problem }) => located(problem, { file, line: 1, column: 1 }));
  const documents: Document[] = [];
  for (const [index, file] of found.files.entries()) {
    // A thousand files take a second: others may work in between.
    if (index % 20 === 19) await setImmediate();
    const document = readDocument(file, problems);
    if (document !== null) documents.push(document);
  }
  const resolution = resolveOverlays(documents.map(({ value }) => value));
  for (const { document, problem } of resolution.problems)
    problems.push(...locateIn(documents[document], [problem]));
  const duplicates = reportDuplicates(resolution.definitions, documents, problems);
  const rules = new Map<string, SigmaFile>();
  const definitions: LoadedDefinition[] = [];
  for (const [index, resolved] of resolution.definitions.entries()) {
    if (index % 20 === 19) await setImmediate();
    const loaded = parseResolved(resolved, documents, rules, problems);
    if (loaded !== null && !duplicates.has(resolved)) definitions.push(loaded);
  }
  const ids = new Set(resolution.definitions.map(({ value }) => String(value.id)));
  return {
    definitions,
    ids,
    problems: sortProblems(problems),
    files: [...found.files, ...rules.keys()],
  };
}

function readDocument(file: string, problems: LocatedProblem[]): Document | null {
  const read = readTextFile(file);
  if ('problem' in read) {
    problems.push(located(read.problem, { file, line: 1, column: 1 }));
    return null;
  }
  const text = readYaml(read.text);
  problems.push(...locateAll(file, text, []));
  if (text.value === undefined) return null;
  if (isMap(text.value)) return { file, text, value: text.value };
  const noMap = error(
    'value',
    [],
    'a definition is a map of keys, such as `id: my-kpi`',
    'See docs/reference/definition.md.',
  );
  problems.push(...locateAll(file, { ...text, problems: [] }, [noMap]));
  return null;
}

function isMap(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function locateIn(document: Document | undefined, problems: readonly Problem[]): LocatedProblem[] {
  return document === undefined ? [] : locateAll(document.file, { ...document.text, problems: [] }, problems);
}

function parseResolved(
  resolved: Resolved,
  documents: readonly Document[],
  rules: Map<string, SigmaFile>,
  problems: LocatedProblem[],
): LoadedDefinition | null {
  const layers = resolved.layers.flatMap((index) => documents[index] ?? []);
  const [top] = layers;
  if (top === undefined) return null;
  const layerOf = (path: Path): Document =>
    layers.reduce(
      (best, layer) => (depthOf(layer.value, path) > depthOf(best.value, path) ? layer : best),
      top,
    );
  const locate: LoadedDefinition['locate'] = (problem) => {
    const { file, text } = layerOf(problem.path);
    return { file, ...text.locate(problem) };
  };
  const logSources: { path: Path; logsource: LogSource }[] = [];
  const parsed = parseDefinition(resolved.value, {
    source: (path) => layerOf(path).text.source(path),
    sigmaRule: (name, path) => sigmaRule(resolve(dirname(layerOf(path).file), name), rules),
    onLogSource: (path, logsource) => logSources.push({ path, logsource }),
  });
  for (const problem of parsed.problems) problems.push(located(problem, locate(problem)));
  return parsed.definition === null
    ? null
    : { definition: parsed.definition, file: top.file, locate, logSources };
}

function sigmaRule(file: string, rules: Map<string, SigmaFile>): SigmaFile {
  const known = rules.get(file) ?? readSigmaRule(file);
  rules.set(file, known);
  return known;
}

function readSigmaRule(file: string): SigmaFile {
  const read = readTextFile(file);
  if ('problem' in read) return { at: null, message: read.problem.message, help: read.problem.help };
  const text = readYaml(read.text);
  const fault = text.problems.find((problem) => problem.severity === 'error');
  if (fault !== undefined) return { at: place(fault.position), message: fault.message, help: fault.help };
  return { value: text.value, locate: (path) => place(text.locate({ path, at: 'value' })) };
}

function place({ line, column }: Position): string {
  return `${line}:${column}`;
}

/** The ids that stand in several files; the first one keeps its id, the others are reported and not used. */
function reportDuplicates(
  resolved: readonly Resolved[],
  documents: readonly Document[],
  problems: LocatedProblem[],
): ReadonlySet<Resolved> {
  const first = new Map<unknown, Resolved>();
  const duplicates = new Set<Resolved>();
  for (const one of resolved) {
    const { id } = one.value;
    const other = first.get(id);
    if (id === undefined || other === undefined) {
      first.set(id, one);
      continue;
    }
    duplicates.add(one);
    const { file, line, column } = namedAt(other, documents);
    const message = `the id "${String(id)}" is taken by ${file}:${line}:${column}`;
    const help = 'Give one of them another id, or make it an overlay with `extends`.';
    problems.push(located(error('duplicate-id', ['id'], message, help), namedAt(one, documents)));
  }
  return duplicates;
}

/** Where the topmost file says which KPI it is: by its `id`, or by what it extends. */
function namedAt({ layers }: Resolved, documents: readonly Document[]): Location {
  const top = documents[layers[0] ?? 0];
  if (top === undefined) return { file: '', line: 1, column: 1 };
  const path = [Object.hasOwn(top.value, 'id') ? 'id' : 'extends'];
  return { file: top.file, ...top.text.locate({ path, at: 'value' }) };
}
