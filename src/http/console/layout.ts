/** The frame of every page: head, navigation, what the service says of itself, and the style sheet's address. */
import { createHash } from 'node:crypto';
import { type ComponentChild, type ComponentChildren, h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Health } from '../../app/read-model.ts';
import { instantText } from './dates.ts';
import { countText } from './numbers.ts';
import { STYLES } from './styles.ts';

/** Named by its content, so that browsers may keep it for ever. */
export const STYLES_PATH = `/assets/console-${createHash('sha256').update(STYLES).digest('hex').slice(0, 12)}.css`;

export const ICON_PATH = '/assets/icon.svg';
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#00756d"/><path d="M6 21h5l4-9 5 6 6-8" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>';

export interface Page {
  readonly title: string;
  readonly health: Health;
  readonly body: ComponentChildren;
}

/** The page as HTML. */
export const renderPage = (page: Page): string => `<!doctype html>${renderToString(frame(page))}`;

const frame = ({ title, health, body }: Page) =>
  h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('title', null, `${title} · clause9`),
      h('link', { rel: 'stylesheet', href: STYLES_PATH }),
      h('link', { rel: 'icon', href: ICON_PATH, type: 'image/svg+xml' }),
    ),
    h(
      'body',
      null,
      h('a', { class: 'skip', href: '#main' }, 'Skip to content'),
      h(
        'header',
        { class: 'top' },
        h('a', { class: 'brand', href: '/' }, 'clause9'),
        h('nav', { 'aria-label': 'Main', class: 'small' }, h('a', { href: '/docs' }, 'API')),
      ),
      h('main', { id: 'main' }, reloadNotice(health), sourceNotice(health), body),
      h('footer', null, h('p', null, serviceText(health))),
    ),
  );

/** A refused reload is said on every page: what is shown is judged by the set before. */
function reloadNotice({ lastReload }: Health): ComponentChild {
  if (lastReload === null || lastReload.ok) return null;
  return h(
    'div',
    { class: 'notice off-target', role: 'alert' },
    h(
      'p',
      null,
      h('strong', null, 'The definitions on disk have errors; those loaded before stay in force.'),
    ),
    h('ul', null, ...lastReload.problems.map((problem) => h('li', null, h('code', null, problem)))),
  );
}

/** Sources that don't answer, and datasets that are being caught up with: why numbers are unknown, and how long yet. */
function sourceNotice({ sources, datasets }: Health): ComponentChild {
  const alone = sources.filter(({ breaker }) => breaker === 'open');
  const behind = datasets.filter(({ missing }) => missing > 0);
  if (alone.length + behind.length === 0) return null;
  const since = (at: number | null) =>
    at === null ? 'Nothing' : `What is newer than ${instantText(at, 'UTC')}`;
  return h(
    'div',
    { class: 'notice', role: 'status' },
    ...alone.map(({ name, lastError }) =>
      h('p', null, h('strong', null, `The source ‘${name}’ does not answer.`), ` ${lastError ?? ''}`),
    ),
    ...behind.map(({ dataset, completeSince, missing }) =>
      h(
        'p',
        null,
        h('strong', null, `‘${dataset}’ is not all read yet: ${countText(missing)} slices to go.`),
        ` ${since(completeSince)} is there; the rest follows, newest first.`,
      ),
    ),
  );
}

function serviceText({ version, definitions, lastCycle, missingSlices, ready, waitingFor }: Health): string {
  const cycle =
    lastCycle === null
      ? 'no cycle yet'
      : `last cycle ${instantText(lastCycle.start, 'UTC')}${lastCycle.error === null ? '' : `, which failed: ${lastCycle.error}`}`;
  return [
    `clause9 ${version}`,
    ...(ready ? [] : [`not ready, waiting for ${waitingFor ?? 'its start'}`]),
    `${countText(definitions)} definitions`,
    cycle,
    ...(missingSlices > 0 ? [`${countText(missingSlices)} slices not read yet`] : []),
  ].join(' · ');
}
