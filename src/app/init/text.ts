/** A proposal as a commented clause9.yaml, and as what a person reads beside it. */
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Proposal, ProposedDataset } from './init.ts';

export interface ConfigParts {
  readonly sourceName: string;
  /** With its type; secrets by reference. */
  readonly source: Readonly<Record<string, unknown>>;
  /** Where the shipped KPIs are, from the folder of the file. */
  readonly definitions: string;
  readonly people: readonly string[];
}

/** Who the roles of these definitions are. */
export const rolesOf = (definitions: readonly KpiDefinition[]): string[] =>
  [...new Set(definitions.flatMap(({ roles }) => Object.values(roles)))].sort();

export function configText(
  { sourceName, source, definitions, people }: ConfigParts,
  proposal: Proposal,
): string {
  const pages =
    source.type === 'files'
      ? []
      : ['    # webUrl: https://…   # its own pages, for links from numbers to events'];
  return `${[
    '# Written by `clause9 init` from what the source holds: a beginning. Names and fields were matched by what they are',
    '# called, so look at each. Delete what you do not want to measure. Then:',
    '#',
    '#   npx clause9 doctor      which fields, rights and literals are other than the KPIs ask',
    '#   npx clause9 run         the first numbers',
    'store: ./clause9.db',
    `definitions: [${scalar(definitions)}]   # the KPIs that clause9 brings along; add a folder of your own`,
    'sources:',
    `  ${scalar(sourceName)}:`,
    ...Object.entries(source).map(([key, value]) => `    ${scalar(key)}: ${flow(value)}`),
    ...pages,
    ...(proposal.datasets.length === 0 ? ['datasets: {}'] : ['datasets:']),
    ...proposal.datasets.flatMap((one) => datasetLines(one, sourceName)),
    ...proposal.leftOut.map((text) => `  # Left out: ${comment(text)}`),
    ...(people.length === 0 ? [] : ['# Who the roles of the KPIs are: put your own names.', 'people:']),
    ...people.map((key) => `  ${scalar(key)}: {name: ${scalar(spoken(key))}}`),
  ].join('\n')}\n`;
}

function datasetLines(dataset: ProposedDataset, source: string): string[] {
  const { name, kind, options, time, ingested, cases, fields, notes, expectEvents } = dataset;
  const line = (key: string, value: unknown): string[] =>
    value === null || value === undefined ? [] : [`    ${scalar(key)}: ${flow(value)}`];
  const [closed, ...otherwise] = cases?.closed ?? [];
  return [
    ...notes.map((note) => `  # ${comment(note)}`),
    `  ${scalar(name)}:`,
    ...line('kind', kind),
    ...line('source', source),
    ...Object.entries(options).flatMap(([key, value]) => line(key, value)),
    ...line('key', cases?.key),
    ...line('version', cases?.version),
    ...line('opened', cases?.opened),
    ...line('closed', otherwise.length > 0 ? cases?.closed : closed),
    ...line('due', cases?.due),
    ...line('time', time === '@timestamp' ? null : time),
    ...line('ingested', ingested),
    ...(Object.keys(fields).length === 0 ? [] : line('fields', fields)),
    ...(expectEvents === null
      ? []
      : [
          `    # expectEvents: {atLeast: 1, every: ${expectEvents}}   # if that is true on your quietest day`,
        ]),
  ];
}

/** `soc-lead` → `SOC lead`. */
const spoken = (key: string): string =>
  `${key.charAt(0).toUpperCase()}${key.slice(1)}`
    .replaceAll('-', ' ')
    .replace(/^(?:Ciso|Iam|Isms|Soc)\b/, (word) => word.toUpperCase());

/** What a source is called is whoever's words: it must not break out of a comment. */
const comment = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029\u0085]+/gu, ' ');

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, one]) => `${scalar(key)}: ${flow(one)}`)
      .join(', ')}}`;
  }
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value);
}

/** Plain where YAML can't take it for anything else; a JSON text is YAML, too. */
function scalar(text: string): string {
  const isPlain =
    /^[A-Za-z_./][\w./-]*$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|y|n|\.+|\.(inf|nan))$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** Which of the shipped KPIs can run, and what the others lack. */
export function proposalText({ datasets, runs, lacks }: Proposal): string {
  const width = Math.max(0, ...runs.map(({ id }) => id.length), ...lacks.map(({ kpi }) => kpi.id.length));
  const parts = [
    [
      `${datasets.length} ${datasets.length === 1 ? 'dataset' : 'datasets'}: ${datasets.map(({ name }) => name).join(', ')}`,
    ],
    runs.length === 0
      ? ['None of the shipped KPIs can run yet.']
      : [
          `Can run: ${runs.length} of the shipped KPIs`,
          ...runs.map(({ id, title }) => `  ✓ ${id.padEnd(width)}  ${title}`),
        ],
    ...(lacks.length === 0
      ? []
      : [[`What the others lack`, ...lacks.map(({ kpi, why }) => `  – ${kpi.id.padEnd(width)}  ${why}`)]]),
  ];
  return parts.map((lines) => lines.join('\n')).join('\n\n');
}
