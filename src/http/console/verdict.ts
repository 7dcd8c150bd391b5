/** A verdict as people see it: symbol, word and colour, never colour alone. */
import { type ComponentChild, h } from 'preact';
import type { Verdict } from '../../core/result/model.ts';
import { VERDICT_WORDS } from './words.ts';

/** Four outlines that differ without colour (disc, triangle, octagon, square), and the sign drawn upon each. */
const SYMBOLS: Readonly<Record<Verdict, readonly [outline: string, sign: string]>> = {
  'on-target': ['M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Z', 'M4.5 8.3 7 10.8 11.5 5.7'],
  'at-risk': ['M8 .5 0 15.500h16Z', 'M8 6v4.200M8 12.700v.1'],
  'off-target': ['M4.7 0h6.600L16 4.700v6.600L11.3 16H4.700L0 11.300V4.700Z', 'M5 5l6 6M11 5l-6 6'],
  unknown: [
    'M2 0h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H2a2 2 0 0 1-2-2V2a2 2 0 0 1 2-2Z',
    'M5.6 6a2.4 2.4 0 1 1 3.6 2.100c-.8.5-1.2.9-1.2 1.800M8 12.600v.1',
  ],
};

export const verdictMark = (verdict: Verdict): ComponentChild =>
  h(
    'span',
    { class: `verdict ${verdict}` },
    h(
      'svg',
      { viewBox: '0 0 16 16', 'aria-hidden': 'true' },
      h('path', { d: SYMBOLS[verdict][0] }),
      h('path', { d: SYMBOLS[verdict][1], class: 'sign' }),
    ),
    VERDICT_WORDS[verdict],
  );
