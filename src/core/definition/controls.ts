/** Control numbers of ISO/IEC 27002:2022: 5.1–5.37, 6.1–6.8, 7.1–7.14, 8.1–8.34. */
import { error, type Path, type Problem } from './problem.ts';

const LAST: Readonly<Record<string, number>> = { '5': 37, '6': 8, '7': 14, '8': 34 };

/** The number as `A.8.5` (taken as `A.8.5`, `8.5`, `a.8.5`), or null where there is no such control. */
export function normaliseControl(text: string): string | null {
  const match = /^(?:A\.?)?([5-8])\.([1-9]\d?)$/i.exec(text.trim());
  const [, theme, number] = match ?? [];
  if (theme === undefined || number === undefined) return null;
  return Number(number) <= (LAST[theme] ?? 0) ? `A.${theme}.${number}` : null;
}

export function readControls(written: readonly string[], report: (problem: Problem) => void): string[] {
  const controls: string[] = [];
  for (const [index, text] of written.entries()) {
    const path: Path = ['controls', index];
    const control = normaliseControl(text);
    if (control === null) {
      report(
        error(
          'control',
          path,
          `there is no control "${text}" in ISO/IEC 27002:2022`,
          'Its numbers are A.5.1–A.5.37, A.6.1–A.6.8, A.7.1–A.7.14 and A.8.1–A.8.34 (the 2013 edition counted otherwise).',
        ),
      );
    } else if (controls.includes(control)) {
      report(error('control', path, `the control ${control} stands here twice`, 'Leave one out.'));
    } else controls.push(control);
  }
  return controls;
}
