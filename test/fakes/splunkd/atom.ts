/** splunkd's two tongues: Atom XML where no output_mode is asked for, JSON else. Entries are written once, as objects. */
import type { Message } from './model.ts';

export type Content =
  | string
  | number
  | boolean
  | null
  | readonly Content[]
  | { readonly [key: string]: Content };

export interface Entry {
  readonly name: string;
  /** Path below the host. */
  readonly path: string;
  readonly author: string;
  readonly updated: string;
  readonly published?: string;
  readonly links: readonly string[];
  readonly content: Readonly<Record<string, Content>>;
  readonly acl: Readonly<Record<string, Content>>;
}

export interface Feed {
  readonly title: string;
  readonly path: string;
  readonly entries: readonly Entry[];
  /** Of how many these are a page. */
  readonly total: number;
  readonly offset: number;
  readonly messages: readonly Message[];
}

export interface Place {
  readonly origin: string;
  readonly version: string;
  readonly build: string;
  readonly updated: string;
}

export function escapeXml(text: string): string {
  return text.replace(
    /[&<>"]/g,
    (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? char,
  );
}

const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const STYLE = `${XML_HEAD}<!--This is to override browser formatting; see server.conf[httpServer] to disable${' .'.repeat(40)}-->\n<?xml-stylesheet type="text/xml" href="/static/atom.xsl"?>\n`;
const NAMESPACES =
  'xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"';

/** Booleans are 1 and 0 in XML. */
function contentXml(content: Content, indent: string): string {
  if (Array.isArray(content)) {
    const items = content.map((item) => `${indent}  <s:item>${contentXml(item, `${indent}  `)}</s:item>\n`);
    return content.length === 0
      ? `\n${indent}<s:list/>\n${indent}`
      : `\n${indent}<s:list>\n${items.join('')}${indent}</s:list>\n${indent}`;
  }
  if (content === null) return '';
  if (typeof content === 'object') {
    const keys = Object.entries(content);
    if (keys.length === 0) return `\n${indent}<s:dict/>\n${indent}`;
    return `\n${indent}<s:dict>\n${keysXml(keys, `${indent}  `)}${indent}</s:dict>\n${indent}`;
  }
  if (typeof content === 'boolean') return content ? '1' : '0';
  return escapeXml(String(content));
}

function keysXml(keys: readonly (readonly [string, Content])[], indent: string): string {
  return keys
    .map(
      ([name, value]) =>
        `${indent}<s:key name="${escapeXml(name)}">${contentXml(value, `${indent}  `)}</s:key>\n`,
    )
    .join('');
}

function entryXml(entry: Entry, place: Place, attributes: string): string {
  const links = entry.links.map((link) => `  <link href="${entry.path}/${link}" rel="${link}"/>\n`).join('');
  const content = keysXml([...Object.entries(entry.content), ['eai:acl', entry.acl]], '      ');
  return `<entry${attributes}>
  <title>${escapeXml(entry.name)}</title>
  <id>${place.origin}${entry.path}</id>
  <updated>${entry.updated}</updated>
  <link href="${entry.path}" rel="alternate"/>
${entry.published === undefined ? '' : `  <published>${entry.published}</published>\n`}${links}  <author>
    <name>${escapeXml(entry.author)}</name>
  </author>
  <content type="text/xml">
    <s:dict>
${content}    </s:dict>
  </content>
</entry>
`;
}

/** A lone job in XML is an entry without a feed. */
export function entryDocument(entry: Entry, place: Place): string {
  return STYLE + entryXml(entry, place, ` ${NAMESPACES}`);
}

export function feedXml(feed: Feed, place: Place): string {
  return `${STYLE}<feed ${NAMESPACES}>
<title>${escapeXml(feed.title)}</title>
<id>${place.origin}${feed.path}</id>
<updated>${place.updated}</updated>
<generator build="${place.build}" version="${place.version}"/>
<author>
  <name>Splunk</name>
</author>
<opensearch:totalResults>${feed.total}</opensearch:totalResults>
<opensearch:itemsPerPage>30</opensearch:itemsPerPage>
<opensearch:startIndex>${feed.offset}</opensearch:startIndex>
${feed.messages.length === 0 ? '<s:messages/>' : `<s:messages>${feed.messages.map(messageXml('s:msg')).join('')}</s:messages>`}
${feed.entries.map((entry) => entryXml(entry, place, '')).join('')}</feed>
`;
}

export function feedJson(feed: Feed, place: Place): string {
  const entry = feed.entries.map((one) => ({
    name: one.name,
    id: `${place.origin}${one.path}`,
    updated: one.updated,
    links: {
      alternate: one.path,
      ...Object.fromEntries(one.links.map((link) => [link, `${one.path}/${link}`])),
    },
    ...(one.published === undefined ? {} : { published: one.published }),
    author: one.author,
    content: one.content,
    acl: one.acl,
  }));
  return JSON.stringify({
    links: {},
    origin: `${place.origin}${feed.path}`,
    updated: place.updated,
    generator: { build: place.build, version: place.version },
    entry,
    paging: { total: feed.total, perPage: 30, offset: feed.offset },
    messages: feed.messages,
  });
}

const messageXml =
  (tag: string) =>
  (message: Message): string =>
    `    <${tag} type="${message.type}">${escapeXml(message.text)}</${tag}>\n`;

export function messagesXml(messages: readonly Message[]): string {
  return `${XML_HEAD}<response>\n  <messages>\n${messages.map(messageXml('msg')).join('')}  </messages>\n</response>\n`;
}

export function responseXml(name: string, value: string, head = true): string {
  return `${head ? XML_HEAD : ''}<response>\n  <${name}>${escapeXml(value)}</${name}>\n</response>\n`;
}
