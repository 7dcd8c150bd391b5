/** The last part of docs/reference/configuration.md: every key of clause9.yaml as the schemas have it, by source type. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { connectorTypes } from '../connectors/index.ts';
import { configShape, datasetShapes, sourceShape } from '../src/config/schema.ts';

const PAGE = 'docs/reference/configuration.md';
const MARK = '<!-- From here on made by `npm run generate`. -->';
const HEAD = '| key | what it is | value | unless told |\n|---|---|---|---|\n';

/** What the schemas say of one value. */
const node = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
});
type Node = z.infer<typeof node>;

/** The page with its tables as the schemas are now. */
export function configurationPage(): string {
  const [written = ''] = readFileSync(PAGE, 'utf8').split(MARK);
  const { events, records, snapshot } = datasetShapes;
  const shared = Object.keys(events).filter((key) => key !== 'kind' && key in records && key in snapshot);
  const sections = [
    '## All keys\n\nAs the schemas have them. A dot leads into a map: `tls.ca` is `tls: {ca: …}`.',
    `### clause9.yaml\n\n${table(configShape)}`,
    `### A source of any type\n\n${table(sourceShape)}`,
    `### A dataset of any kind\n\n${table(events, (key) => shared.includes(key))}`,
    ...Object.entries(datasetShapes).map(
      ([kind, shape]) => `### A dataset of kind ${kind}\n\n${table(shape, (key) => !shared.includes(key))}`,
    ),
    ...connectorTypes.flatMap(({ type, sourceOptions, datasetOptions }) => [
      `### A source of type ${type}\n\n${HEAD}${rowsIn(sourceOptions).join('\n')}`,
      `### A dataset in a source of type ${type}\n\n${HEAD}${rowsIn(datasetOptions).join('\n')}`,
    ]),
  ];
  return `${written}${MARK}\n\n${sections.join('\n\n')}\n`;
}

function table(shape: z.ZodRawShape, isShown: (key: string) => boolean = () => true): string {
  const shown = Object.fromEntries(Object.entries(shape).filter(([key]) => isShown(key)));
  return HEAD + rowsIn(z.strictObject(shown)).join('\n');
}

const rowsIn = (schema: z.ZodType): string[] =>
  rowsOf(read(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })), '');

const read = (value: unknown): Node => node.parse(value);

/** A row for each key, and behind it for those inside of it. */
function rowsOf(map: Node, prefix: string): string[] {
  const alternatives = [map, ...(map.anyOf ?? []).map(read)];
  const rows = alternatives.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([key, value]) => {
      const about = read(value);
      const isNeeded = required.includes(key) && alternatives.length === 1;
      const own = [`\`${prefix}${key}\``, about.description ?? '', typeOf(about), otherwise(about, isNeeded)];
      const row = `| ${own.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
      return [row, ...(isSecret(about) ? [] : rowsOf(about, `${prefix}${key}.`))];
    }),
  );
  return [...new Set(rows)];
}

/** What it may be, in a word or two. */
function typeOf(about: Node): string {
  if (isSecret(about)) return '`{env: NAME}` or `{file: PATH}`';
  if (about.const !== undefined) return `\`${String(about.const)}\``;
  if (about.enum !== undefined) return about.enum.map((one) => `\`${String(one)}\``).join(', ');
  const all = about.anyOf?.map(read).map(typeOf) ?? [about.type ?? ''].flat().map(wordOf);
  return [...new Set(all)].filter((word) => word !== '').join(' or ');
}

function wordOf(type: string): string {
  return { object: 'map', array: 'list', string: 'text', integer: 'number' }[type] ?? type;
}

function otherwise(about: Node, isNeeded: boolean, told?: string): string {
  if (told !== undefined) return told;
  if (about.default === undefined) return isNeeded ? 'needed' : '';
  const text = JSON.stringify(about.default);
  return text === '{}' || text === '[]' ? 'none' : `\`${text.replaceAll('"', '')}\``;
}

const isSecret = ({ anyOf = [] }: Node): boolean =>
  anyOf.length === 2 &&
  anyOf.map(read).every(({ properties = {} }) => 'env' in properties || 'file' in properties);
