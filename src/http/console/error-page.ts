/** An error as a page: what is wrong, what to do, and the way back. */
import { type ComponentChild, h } from 'preact';
import type { ErrorBody } from '../errors.ts';

export const errorPage = ({ error, message, help }: ErrorBody): readonly ComponentChild[] => [
  h('p', { class: 'muted small' }, error),
  h('h1', null, message),
  help === undefined ? null : h('p', null, help),
  h('p', null, h('a', { href: '/' }, 'All KPIs')),
];
