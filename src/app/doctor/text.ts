/** A diagnosis as the command prints it: what is well, what a person should look at, what is wrong. */
import { styleText } from 'node:util';
import type { Diagnosis } from './doctor.ts';
import type { Finding } from './findings.ts';

const MARKS = { ok: ['✓', 'green'], warning: ['!', 'yellow'], error: ['✗', 'red'] } as const;

export function doctorText(
  { sources, notConfigured }: Diagnosis,
  { color }: { readonly color: boolean },
): string {
  const line = ({ level, text }: Finding, indent: string): string => {
    const [mark, style] = MARKS[level];
    return `${indent}${color ? styleText(style, mark, { validateStream: false }) : mark} ${text}`;
  };
  const parts = sources.map(({ source, type, server, findings, datasets }) =>
    [
      `${source}: ${server ?? `a source of type ${type}`}`,
      ...findings.map((one) => line(one, '  ')),
      ...datasets.flatMap((one) =>
        one.findings.length === 0
          ? []
          : [`  ${one.dataset} (${one.kind})`, ...one.findings.map((finding) => line(finding, '    '))],
      ),
    ].join('\n'),
  );
  return [
    ...parts,
    ...(notConfigured.length === 0 ? [] : [lackingText(notConfigured.map(({ kpi }) => kpi))]),
    summary(sources),
  ].join('\n\n');
}

const lackingText = (kpis: readonly string[]): string =>
  `${kpis.length === 1 ? '1 KPI has' : `${kpis.length} KPIs have`} no data in this configuration, and ${kpis.length === 1 ? 'was' : 'were'} not looked at; \`clause9 validate\` says what they lack.`;

function summary(sources: Diagnosis['sources']): string {
  const all = sources.flatMap(({ findings, datasets }) => [
    ...findings,
    ...datasets.flatMap((one) => one.findings),
  ]);
  const count = (level: Finding['level'], noun: string): string => {
    const n = all.filter((one) => one.level === level).length;
    return `${n} ${noun}${n === 1 ? '' : 's'}`;
  };
  return `${count('error', 'error')}, ${count('warning', 'warning')}.`;
}
