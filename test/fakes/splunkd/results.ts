/** The rows of a job as splunkd prints them: JSON, JSON rows or XML, a page at a time. */
import { escapeXml } from './atom.ts';
import type { PageEffect } from './effects.ts';
import { type Job, messagesOf, rowsOf } from './jobs.ts';
import type { Dialect, Message } from './model.ts';
import { columnsOf } from './spl/environment.ts';
import { isoTime } from './spl/time.ts';
import { cellTexts, type Row } from './spl/value.ts';

/** `[restapi] maxresultrows`: no page is longer, whatever `count` says. */
export const MAX_RESULT_ROWS = 50_000;

export interface PageRequest {
  readonly count: number;
  readonly offset: number;
  readonly fields: readonly string[];
  readonly preview: boolean;
}

type Printed = string | readonly string[] | null;

export interface Page {
  readonly preview: boolean;
  readonly offset: number;
  readonly fields: readonly string[];
  readonly rows: readonly ReadonlyMap<string, Printed>[];
  readonly messages: readonly Message[];
  readonly withFields: boolean;
}

export interface PrintOptions {
  readonly dialect: Dialect;
  readonly timeZone: string;
  readonly maxResultRows: number;
}

/** Count 0 asks for all; absent it is 100. */
export function makePage(
  job: Job,
  request: PageRequest,
  effect: PageEffect | null,
  options: PrintOptions,
): Page {
  const all = rowsOf(job);
  const count = Math.min(request.count === 0 ? all.length : request.count, options.maxResultRows);
  const start = effect?.page === 'first-again' ? 0 : request.offset;
  const taken = all.slice(start, start + count);
  const rows = effect?.page === 'short' ? taken.slice(0, -1) : taken;
  const columns = columnsOf(job.outcome.table);
  const fields =
    request.fields.length > 0 ? columns.filter((name) => request.fields.includes(name)) : columns;
  return {
    preview: request.preview || effect?.page === 'preview',
    offset: effect?.page === 'offset-zero' ? 0 : request.offset,
    fields,
    rows: rows.map((row) => distort(print(row, fields, options), fields, effect)),
    messages: [...messagesOf(job, 'DONE'), ...(effect?.messages ?? [])],
    withFields: effect?.page !== 'no-fields',
  };
}

/** A missing value has no key. `_time` is printed in the user's zone. */
function print(
  row: Row,
  fields: readonly string[],
  { dialect, timeZone }: PrintOptions,
): Map<string, Printed> {
  const out = new Map<string, Printed>();
  for (const name of fields) {
    const texts = cellTexts(row.get(name), dialect);
    const [first] = texts;
    if (first === undefined) continue;
    const time = name === '_time' && texts.length === 1 ? Number(first) : Number.NaN;
    if (Number.isNaN(time)) out.set(name, texts.length > 1 ? texts : first);
    else out.set(name, isoTime(time, timeZone));
  }
  return out;
}

function distort(
  row: Map<string, Printed>,
  fields: readonly string[],
  effect: PageEffect | null,
): Map<string, Printed> {
  const odd = ['1e3', 'NaN', 'inf', '1,000', ''];
  let at = 0;
  for (const name of fields) {
    const value = row.get(name);
    if (value === undefined && effect?.page === 'nulls') row.set(name, null);
    if (value === undefined && effect?.page === 'empty-texts') row.set(name, '');
    if (typeof value === 'object' && value !== null && effect?.page === 'single-values')
      row.set(name, value[0] ?? '');
    if (typeof value === 'string' && /^\d+$/.test(value) && effect?.page === 'odd-numbers')
      row.set(name, odd[at++ % odd.length] ?? '');
  }
  return row;
}

export function pageJson(page: Page): string {
  const fields = page.withFields ? { fields: page.fields.map((name) => ({ name })) } : {};
  const results = page.rows.map((row) => Object.fromEntries(row));
  return JSON.stringify({
    preview: page.preview,
    init_offset: page.offset,
    post_process_count: page.rows.length,
    messages: page.messages,
    ...fields,
    results,
    highlighted: {},
  });
}

export function pageJsonRows(page: Page): string {
  const rows = page.rows.map((row) => page.fields.map((name) => row.get(name) ?? null));
  return JSON.stringify({
    preview: page.preview,
    init_offset: page.offset,
    messages: page.messages,
    fields: page.fields,
    rows,
  });
}

export function pageXml(page: Page): string {
  if (page.rows.length === 0 && page.messages.length === 0)
    return `<results preview='${page.preview ? 1 : 0}'/>`;
  const order = page.fields.map((name) => `<field>${escapeXml(name)}</field>\n`).join('');
  const results = page.rows.map((row, at) => {
    const cells = [...row].map(([name, value]) => cellXml(name, value)).join('');
    return `\t<result offset='${page.offset + at}'>\n${cells}\t</result>\n`;
  });
  const messages =
    page.messages.length === 0
      ? ''
      : `<messages>\n${page.messages.map((message) => `  <msg type="${message.type}">${escapeXml(message.text)}</msg>\n`).join('')}</messages>\n`;
  return `<?xml version='1.0' encoding='UTF-8'?>\n<results preview='${page.preview ? 1 : 0}'>\n<meta>\n<fieldOrder>\n${order}</fieldOrder>\n</meta>\n${messages}${results.join('')}</results>\n`;
}

function cellXml(name: string, value: Printed): string {
  const texts = value === null ? [] : typeof value === 'string' ? [value] : value;
  if (name === '_raw') {
    return `\t\t<field k='_raw'><v xml:space='preserve' trunc='0'>${escapeXml(texts[0] ?? '')}</v></field>\n`;
  }
  const values = texts.map((text) => `\t\t\t<value><text>${escapeXml(text)}</text></value>\n`).join('');
  return `\t\t<field k='${escapeXml(name).replaceAll("'", '&apos;')}'>\n${values}\t\t</field>\n`;
}

/** One line a row, the last one marked: what export streams. */
export function exportLines(page: Page): string {
  if (page.rows.length === 0) return '';
  return page.rows
    .map((row, at) => {
      const last = at === page.rows.length - 1 ? { lastrow: true } : {};
      return `${JSON.stringify({ preview: false, offset: at, ...last, result: Object.fromEntries(row) })}\n`;
    })
    .join('');
}
