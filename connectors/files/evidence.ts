/** What lets another person get the same numbers again. */
import type { Evidence } from '../../src/ports/connector.ts';
import type { Opened } from './source.ts';

/** Milliseconds since it was made. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round(performance.now() - start);
}

/** All statements of the call, in order, and the parameters of each; files by their names within the folder. */
export function evidenceOf(
  { session, source }: Opened,
  warnings: readonly string[],
  tookMs: number,
): Evidence {
  const prefix = `${source.folder}/`;
  return {
    query: session.sent.map(({ text }) => text).join(';\n'),
    parameters: session.sent.map(({ parameters }) => parameters.map((value) => withoutFolder(value, prefix))),
    warnings,
    tookMs,
    job: null,
  };
}

function withoutFolder(value: unknown, prefix: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutFolder(item, prefix));
  return typeof value === 'string' && value.startsWith(prefix) ? value.slice(prefix.length) : value;
}
