/** What lets another person get the same numbers again: the searches as sent, their ranges, and their ids at Splunk. */
import type { Evidence } from '../../src/ports/connector.ts';
import type { Found } from './job.ts';

/** Milliseconds since it was made. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round(performance.now() - start);
}

export function evidenceOf(found: readonly Found[], tookMs: number, more: readonly string[] = []): Evidence {
  return {
    query: found.map(({ sent }) => sent.search).join('\n'),
    parameters: found.map(({ sent: { search, earliest_time, latest_time }, resolved }) => ({
      earliest_time,
      latest_time,
      // What a macro meant that day.
      ...(String(search).includes('`') ? { resolved } : {}),
    })),
    warnings: [...new Set([...more, ...found.flatMap(({ warnings }) => warnings)])],
    tookMs,
    job: found.map(({ sid }) => sid).join(' '),
  };
}
