/** Just enough of an XML reader to compare the fake's answers with recorded ones. */

const TAG = /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+=(?:'[^']*'|"[^"]*"))*)\s*(\/?)>/g;

function plain(text: string): string {
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&#(\d+);/g, (_whole, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&amp;/g, '&');
}

const withoutComments = (body: string): string =>
  body.replace(/<!--[\s\S]*?-->/g, '').replace(/<\?[\s\S]*?\?>/g, '');

/** The names of `<s:key>`s. */
export function keysOf(body: string): ReadonlySet<string> {
  return new Set([...body.matchAll(/<s:key name="([^"]*)"/g)].map((match) => match[1] ?? ''));
}

/** Elements above the content in order, with their attributes' names. */
export function shapeOf(body: string): readonly string[] {
  const head = withoutComments(body).split('<s:dict>')[0] ?? '';
  return [...head.matchAll(TAG)].map(([, close, name, attributes]) => {
    const names = [...(attributes ?? '').matchAll(/([\w:.-]+)=/g)].map((match) => match[1]);
    return `${close}${name} ${names.join(' ')}`.trim();
  });
}

export interface ReadResults {
  readonly fields: readonly string[];
  readonly results: readonly ReadonlyMap<string, readonly string[]>[];
  /** Every element name with its attributes' names. */
  readonly elements: readonly string[];
}

/** A `<results>` document, or several after one another: of previews the last. */
export function readResults(body: string): ReadResults {
  const text = withoutComments(body);
  const fields = [...text.matchAll(/<field>([\s\S]*?)<\/field>/g)].map((match) => plain(match[1] ?? ''));
  const results = [...text.matchAll(/<result [^>]*>([\s\S]*?)<\/result>/g)].map((match) =>
    readRow(match[1] ?? ''),
  );
  const elements = [...text.matchAll(TAG)].map(([, , name, attributes]) => {
    const names = [...(attributes ?? '').matchAll(/([\w:.-]+)=/g)].map((match) => match[1]);
    return `${name} ${names.join(' ')}`.trim();
  });
  return { fields, results, elements };
}

function readRow(text: string): ReadonlyMap<string, readonly string[]> {
  const row = new Map<string, readonly string[]>();
  for (const [, name = '', inside = ''] of text.matchAll(/<field k='([^']*)'>([\s\S]*?)<\/field>/g)) {
    const values = [
      ...inside.matchAll(/<value[^>]*>\s*<text>([\s\S]*?)<\/text>\s*<\/value>|<v [^>]*>([\s\S]*?)<\/v>/g),
    ];
    row.set(
      plain(name),
      values.map((match) => plain((match[1] ?? match[2] ?? '').replace(/<\/?sg[^>]*>/g, ''))),
    );
  }
  return row;
}
