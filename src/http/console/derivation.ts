/** A number's whole derivation as a tree that opens level by level, without a script. */
import { type ComponentChild, h } from 'preact';
import type { Derivation, Explanation } from '../../app/read-model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Instant } from '../../core/time/interval.ts';
import { instantText, windowPhrase } from './dates.ts';
import { explainLink, type Selection } from './links.ts';

/** Levels that stand open at first. */
const OPEN_LEVELS = 2;

function text({ label, value, link }: Derivation): readonly ComponentChild[] {
  if (value === null) return [label];
  const shown = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
  const href = webAddress(link);
  return [
    h('span', { class: 'label' }, `${label}: `),
    href === null ? h('code', null, shown) : outside(href, shown),
  ];
}

/** Only what a browser opens as a page. */
const webAddress = (link: string | undefined): string | null =>
  link !== undefined && /^https?:\/\//i.test(link) ? link : null;

const outside = (href: string, shown: string): ComponentChild =>
  h('a', { href, rel: 'noopener noreferrer' }, shown);

/** The links of the measures, by the measures' names: what is behind the number, without looking through the tree. */
function sources({ children }: Derivation): ComponentChild {
  const measures = children.find(({ label }) => label === 'measures')?.children ?? [];
  const links = measures.flatMap((measure) => {
    const href = measure.children.map(({ link }) => webAddress(link)).find((one) => one !== null);
    return href === undefined || href === null ? [] : [outside(href, measure.label)];
  });
  if (links.length === 0) return null;
  const list = links.flatMap((link, index) => (index === 0 ? [link] : [' · ', link]));
  return h('p', { class: 'small' }, 'What was measured, in the source’s own pages: ', ...list);
}

function node(derivation: Derivation, level: number): ComponentChild {
  if (derivation.children.length === 0) return h('div', { class: 'leaf' }, ...text(derivation));
  return h(
    'details',
    { open: level < OPEN_LEVELS },
    h('summary', null, ...text(derivation)),
    h('div', { class: 'branch' }, ...derivation.children.map((child) => node(child, level + 1))),
  );
}

export interface DerivationInput {
  readonly definition: KpiDefinition;
  /** null: nothing was known of the window then. */
  readonly explanation: Explanation | null;
  readonly asOf: Instant | null;
  readonly selection: Selection;
}

export function derivation({ definition, explanation, asOf, selection }: DerivationInput): ComponentChild {
  const when = asOf === null ? null : instantText(asOf, definition.timeZone);
  if (explanation === null)
    return h(
      'section',
      { id: 'derivation' },
      h('h2', null, 'Derivation'),
      h(
        'div',
        { class: 'notice unknown' },
        h(
          'p',
          null,
          when === null
            ? 'There is no result for this window.'
            : `Nothing was known of this window on ${when}.`,
        ),
      ),
    );
  const { result, sentence, tree } = explanation;
  return h(
    'section',
    { id: 'derivation' },
    h(
      'h2',
      null,
      `How the value ${windowPhrase(definition.window, result)} came about${when === null ? '' : `, as known on ${when}`}`,
    ),
    h('p', null, sentence),
    sources(tree),
    h(
      'p',
      { class: 'small muted' },
      h('a', { href: explainLink(definition.id, selection) }, 'The same as JSON'),
    ),
    h('div', { class: 'tree small' }, node(tree, 0)),
  );
}
