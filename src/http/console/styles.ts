/** The console's one style sheet. It is TypeScript so that the compiled package carries it without a copying step. */
import { CHART_STYLES } from './chart-styles.ts';
import { TOKENS } from './tokens.ts';

const BASE = `
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: var(--body)/1.5 var(--font); font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 var(--s5); }
h1 { font-size: var(--huge); line-height: 1.25; letter-spacing: -0.01em; margin: var(--s2) 0; font-weight: 650; max-width: 48rem; }
h2 { font-size: var(--large); line-height: 1.3; margin: var(--s6) 0 var(--s3); font-weight: 650; }
h3 { font-size: var(--body); margin: var(--s5) 0 var(--s2); }
p { margin: var(--s2) 0; max-width: 44rem; }
a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--unknown); outline-offset: 2px; border-radius: 2px; }
code, pre { font-family: var(--mono); font-size: 0.92em; overflow-wrap: anywhere; }
.muted { color: var(--muted); }
.small { font-size: var(--small); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: var(--s3); top: var(--s3); background: var(--paper); padding: var(--s2); }
.top { display: flex; gap: var(--s5); align-items: baseline; padding-top: var(--s4); padding-bottom: var(--s3); }
.top a { text-decoration: none; }
.top a:hover { text-decoration: underline; }
.brand { font-weight: 700; letter-spacing: -0.02em; font-size: var(--large); }
footer p { max-width: none; margin: var(--s6) 0 var(--s5); padding-top: var(--s4); border-top: 1px solid var(--line); color: var(--muted); font-size: var(--small); }
.notice { border-left: 4px solid var(--line); background: var(--panel); padding: var(--s3) var(--s4); margin: var(--s4) 0; max-width: 48rem; }
.notice p { margin: 0; }
.notice.unknown { border-color: var(--unknown); background: var(--unknown-tint); }
.notice.off-target { border-color: var(--off-target); background: var(--off-target-tint); }
`;

const VERDICTS = `
.verdict { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; font-weight: 600; font-size: var(--small); line-height: 1.25rem; }
.verdict svg { width: 14px; height: 14px; flex: none; fill: currentColor; }
.verdict .sign { fill: none; stroke: var(--paper); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.verdict.at-risk .sign { stroke: var(--at-risk-tint); }
.verdict.off-target .sign { stroke: var(--off-target); } .verdict.unknown .sign { stroke: var(--unknown); }
.verdict.on-target { color: var(--on-target); }
.verdict.at-risk { color: var(--at-risk); background: var(--at-risk-tint); padding: 1px 8px; border-radius: 4px; }
.verdict.off-target { background: var(--off-target); color: var(--on-fill); padding: 1px 8px; border-radius: 4px; }
.verdict.unknown { background: var(--unknown); color: var(--on-fill); padding: 1px 8px; border-radius: 4px; }
.verdict.off { color: var(--muted); font-weight: 400; }
.tag { border: 1px solid var(--line); border-radius: 4px; padding: 0 6px; font-size: var(--small); color: var(--muted); font-weight: 400; white-space: nowrap; }
`;

const TABLES = `
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; color: var(--muted); font-size: var(--small); padding-bottom: var(--s2); }
th { text-align: left; font-weight: 600; font-size: var(--small); color: var(--muted); }
th, td { padding: var(--s2) var(--s4) var(--s2) 0; vertical-align: top; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { vertical-align: bottom; }
tbody th { color: var(--ink); font-size: inherit; }
.number { text-align: right; white-space: nowrap; }
td.number { font-variant-numeric: tabular-nums; }
.sub { display: block; color: var(--muted); font-size: var(--small); font-weight: 400; }
tr.chosen > * { background: var(--panel); }

.kpis { table-layout: fixed; }
.kpis .c-verdict { width: 8.5rem; } .kpis .c-value { width: 9.5rem; } .kpis .c-trend { width: 10rem; }
.kpis .c-target { width: 12rem; } .kpis .c-quality { width: 9rem; }
.kpis a { font-weight: 600; text-decoration: none; }
.kpis a:hover { text-decoration: underline; }
.kpis .c-value { white-space: normal; overflow-wrap: anywhere; } .kpis td .value { white-space: nowrap; }
.kpis .unit { font-size: var(--small); color: var(--muted); }
.kpis .value { font-size: var(--large); line-height: 1.5rem; }
.kpis .why { color: var(--unknown); font-weight: 600; font-size: var(--small); display: block; }
.quiet { color: var(--muted); }
.quiet ul { padding-left: 0; list-style: none; margin: 0; }
.quiet li { padding: var(--s1) 0; }

dl.facts { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: var(--s2) var(--s5); margin: 0; }
dl.facts dt { color: var(--muted); }
dl.facts dd { margin: 0; min-width: 0; }
dl.facts ul { margin: 0; padding: 0; list-style: none; }
.meta { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s4); color: var(--muted); font-size: var(--small); margin: 0 0 var(--s4); padding: 0; list-style: none; }

.tree details { margin-left: 0; }
.tree .branch { margin: 0 0 0 6px; padding: 0 0 0 var(--s4); border-left: 1px solid var(--line); }
.tree summary, .tree .leaf { padding: 2px 0; cursor: default; }
.tree summary { cursor: pointer; margin-left: -2px; }
.tree .label { color: var(--muted); }
.tree .leaf { padding-left: 2px; }
details.more > summary { cursor: pointer; padding: var(--s3) 0; color: var(--muted); }
`;

/** Below 700 px a row becomes a card: its cells name themselves, figures stay right. */
const NARROW = `
@media (max-width: 700px) {
  header, main, footer { padding-left: var(--s4); padding-right: var(--s4); }
  h1 { font-size: 1.25rem; }
  table, tbody, tr, th, td { display: block; width: 100%; }
  table > thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  caption { display: block; }
  tr { border-bottom: 1px solid var(--line); padding: var(--s3) 0; }
  tbody th, td { border: 0; padding: 2px 0; }
  td[data-label] { display: flex; justify-content: space-between; gap: var(--s4); text-align: right; white-space: normal; }
  td[data-label]::before { content: attr(data-label); color: var(--muted); font-size: var(--small); text-align: left; flex: none; }
  td.empty { display: none; }
  .kpis .c-verdict, .kpis .c-value, .kpis .c-trend, .kpis .c-target, .kpis .c-quality { width: 100%; }
  .kpis tr { display: grid; grid-template-columns: 1fr auto; column-gap: var(--s4); }
  .kpis tr > * { grid-column: 1 / -1; }
  .kpis tr > .c-verdict { grid-column: 1; } .kpis tr > .c-value { grid-column: 2; grid-row: 1; }
  .kpis tr > .c-value::before { content: none; }
  .kpis .c-trend svg { height: 40px; width: 60%; }
  .windows tr { display: grid; grid-template-columns: 1fr 1fr; column-gap: var(--s5); }
  .windows tr > th, .windows td[data-label="As of"], .windows td[data-label="First reported"] { grid-column: 1 / -1; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: var(--s3); }
}
@media print { .top nav, .skip { display: none; } details > * { display: block; } }
`;

export const STYLES = [TOKENS, BASE, VERDICTS, TABLES, CHART_STYLES, NARROW].join('\n');
