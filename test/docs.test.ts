/** What the documents point to is there (files, headings, the tests that docs/trust.md promises), and their examples work. */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectorTypes } from '../connectors/index.ts';
import { loadConfig } from '../src/config/load.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const PAGES = globSync(
  ['*.md', 'docs/**/*.md', 'kpi-definitions/**/*.md', 'examples/**/*.md', 'bench/**/*.md'],
  {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules',
  },
);

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): Set<string> =>
  new Set([...withoutCode(read(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading)));

const withoutCode = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```/gm, '');

function brokenLinks(page: string): string[] {
  const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(ROOT, target))) return true;
    if (anchor === undefined || statSync(join(ROOT, target)).isDirectory()) return false;
    return target.endsWith('.md') && !anchorsOf(target).has(anchor);
  });
}

describe('The documents', () => {
  it.for(PAGES)('%s links to files and headings that are there', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

/** Blocks that are a whole clause9.yaml. */
const configurations = PAGES.flatMap((page) =>
  [...read(page).matchAll(/^( *)```yaml\n([\s\S]*?)^\1```/gm)]
    .map(([, indent = '', block = '']) => ({
      page,
      text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }))
    .filter(({ text }) => /^sources:/m.test(text) && /^datasets:/m.test(text)),
);

describe('A configuration in the documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clause9-docs-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.for(configurations)('is without errors: $page', ({ text }) => {
    const file = join(folder, 'clause9.yaml');
    writeFileSync(file, text);
    const { problems } = loadConfig(file, connectorTypes);
    const errors = problems.filter(({ severity }) => severity === 'error');
    // Their definitions are the reader's.
    expect(errors.filter(({ message }) => !message.startsWith('there are no definitions'))).toEqual([]);
  });
});

interface Promised {
  readonly row: string;
  readonly file: string;
  /** What must stand in it: pieces of the titles. */
  readonly titles: readonly string[];
}

/** The last cell of a row: `file`: describe › it; further titles of the same file, or other files. */
function promisesOf(page: string): Promised[] {
  let file = '';
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| how it'));
  return rows.flatMap((line) => {
    const cells = line.split(' | ');
    const row = cells[0]?.replace(/^\| \**/, '').slice(0, 60) ?? '';
    const tests = (cells.at(-1) ?? '')
      .replace(/ \|$/, '')
      .split('; ')
      .filter((test) => !test.startsWith('none: '));
    return tests.map((test) => {
      const [, named, rest = ''] = /^(?:`([^`]+\.ts)`|the same)(?:: (.*))?$/.exec(test) ?? [null, null, test];
      file = named ?? file;
      return { row, file, titles: rest.split(' › ').flatMap(piecesOf) };
    });
  });
}

/** A title may be shortened by `…`; names without spaces may stand in a list. */
const piecesOf = (title: string): string[] => {
  const isList = title.split(', ').every((name) => !name.includes(' '));
  return (isList ? title.split(', ') : [title])
    .flatMap((one) => one.split('…'))
    .filter((piece) => piece !== '');
};

const plain = (text: string): string => text.replace(/[`'"’\\]/g, '').replace(/\s+/g, ' ');

describe('Each promise of docs/trust.md', () => {
  const promises = promisesOf(read('docs/trust.md'));

  it('names a test', () => {
    expect(promises.length).toBeGreaterThan(60);
    expect(promises.filter(({ file }) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it.for(promises)('is kept: $row', ({ file, titles }) => {
    const source = plain(read(file));
    expect(titles.filter((title) => !source.includes(plain(title).trim()))).toEqual([]);
  });
});
