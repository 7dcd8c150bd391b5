/** How charts look; marks and bands get their colours here, since the security policy forbids inline styles. */
export const CHART_STYLES = `
figure { margin: var(--s4) 0 0; }
figure svg { display: block; width: 100%; height: auto; }
.chart-narrow { display: none !important; }
@media (max-width: 700px) { .chart-wide { display: none !important; } .chart-narrow { display: block !important; } }
.chart text { font: 12px var(--font); font-variant-numeric: tabular-nums; fill: var(--muted); }
.chart .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.chart .end { text-anchor: end; } .chart .middle { text-anchor: middle; }
.chart .grid { stroke: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
.chart .tick { stroke: var(--muted); stroke-width: 1; shape-rendering: crispEdges; }
.band-on { fill: var(--on-target-tint); } .band-risk { fill: var(--at-risk-tint); }
.limit { stroke: var(--on-target); stroke-width: 1.5; fill: none; }
.chart text.limit-label { fill: var(--on-target); stroke: none; font-weight: 600; }
.benchmark { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 2 3; }
.series { fill: none; stroke: var(--ink); stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.final { fill: var(--ink); stroke: var(--paper); stroke-width: 1.5; }
.small-mark { stroke: none; }
.provisional { fill: var(--paper); stroke: var(--ink); stroke-width: 2; }
.first { fill: var(--paper); stroke: var(--muted); stroke-width: 1.5; }
.whisker { stroke: var(--ink); stroke-width: 1.5; fill: none; }
.whisker-first { stroke: var(--muted); stroke-width: 1; fill: none; opacity: 0.75; }
.revision { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 3 2; }
.chart text.gap { fill: var(--unknown); font-weight: 700; font-size: 14px; text-anchor: middle; }
.gap-band { fill: var(--unknown-tint); }
.chosen-band { fill: none; stroke: var(--muted); stroke-width: 1; stroke-dasharray: 4 3; }
.legend { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s4); color: var(--muted); font-size: var(--small); padding: var(--s2) 0 0; margin: 0; list-style: none; }
.legend li { display: inline-flex; align-items: center; gap: 6px; }
.legend svg { width: 18px; height: 14px; flex: none; }
.spark { display: block; width: 100%; height: 32px; overflow: visible; }
.spark .series { stroke: var(--muted); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.spark .limit { stroke-width: 1; stroke-dasharray: 3 3; opacity: 0.8; }
.spark text.dot { font: 700 14px var(--font); }
.spark .dot.on-target { fill: var(--on-target); } .spark .dot.at-risk { fill: var(--at-risk); }
.spark .dot.off-target { fill: var(--off-target); } .spark .dot.unknown { fill: var(--unknown); }
.spark .dot.provisional { fill: var(--paper); stroke-width: 2; }
.spark .dot.provisional.unknown { stroke: var(--unknown); } .spark .dot.provisional.on-target { stroke: var(--on-target); }
.spark .dot.provisional.at-risk { stroke: var(--at-risk); } .spark .dot.provisional.off-target { stroke: var(--off-target); }
`;
