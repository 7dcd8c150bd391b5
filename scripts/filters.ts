/** The last part of docs/reference/filters.md: what each source makes of each piece of the language. */
import { readFileSync } from 'node:fs';
import { connectorTypes } from '../connectors/index.ts';
import { PIECES, type Piece } from '../src/core/filter/pieces.ts';
import type { FieldKind } from '../src/ports/connector.ts';

const PAGE = 'docs/reference/filters.md';
const MARK = '<!-- From here on made by `npm run generate`. -->';

/** The page with its tables as the connectors have them now. */
export async function filtersPage(): Promise<string> {
  const [written = ''] = readFileSync(PAGE, 'utf8').split(MARK);
  const tables: string[] = [];
  for (const { type, fieldKinds } of connectorTypes) tables.push(tableOf(type, await fieldKinds()));
  return `${written}${MARK}\n\n${tables.join('\n')}`;
}

function tableOf(type: string, kinds: readonly FieldKind[]): string {
  const notes: string[] = [];
  const rows = PIECES.map((piece) => {
    const cells = kinds.map((kind) => cellOf(piece, kind, notes));
    return `| \`${piece.name.replaceAll('|', '\\|')}\` | ${cells.join(' | ')} |`;
  });
  const head = `| piece | ${kinds.map(({ name }) => name).join(' | ')} |\n|---|${kinds.map(() => '---').join('|')}|`;
  const footer = notes.map((note, i) => `${i + 1}. ${note}.\n`).join('');
  return `### ${type}\n\n${head}\n${rows.join('\n')}\n${footer === '' ? '' : `\n${footer}`}`;
}

/** `part` where some of its tests are refused. Sentences are numbered in the order in which they come. */
function cellOf({ examples }: Piece, { refusal }: FieldKind, notes: string[]): string {
  const refusals = examples.map(refusal).filter((sentence) => sentence !== null);
  const numbers = [...new Set(refusals)].map((sentence) => {
    const known = notes.indexOf(sentence);
    return known >= 0 ? known + 1 : notes.push(sentence);
  });
  if (numbers.length === 0) return 'yes';
  return `${refusals.length < examples.length ? 'part' : 'no'} (${numbers.join(', ')})`;
}
