/** A folder with a configuration and definitions for tests of validation, and what is said about them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type RunOptions, runValidate } from '../../src/app/validate/validate.ts';
import type { ConnectorType } from '../../src/ports/connector.ts';

/** A source type with keys of its own, that opens nothing. */
export const filesType: ConnectorType = {
  type: 'files',
  sourceOptions: z.strictObject({ path: z.string() }),
  datasetOptions: z.strictObject({ files: z.string(), format: z.enum(['csv', 'ndjson']).optional() }),
  fieldKinds: async () => [],
  open: () => Promise.reject(new Error('a validation opens no source')),
};

export const KPI = `id: failed-logon-ratio
title: Share of interactive logons that fail
controls: ["A.8.5", "8.16"]
roles: {owner: iam-lead, collector: soc, analyst: soc}
unit: percent
direction: lower-is-better
measures:
  failed: {dataset: authentication, where: {event.outcome: failure}, aggregate: count}
  all: {dataset: authentication, aggregate: count}
formula: 100.0 * failed / all
groupBy: [user.domain]
window: {rolling: 24h, every: 1h}
minimumSample: {measure: all, atLeast: 50}
targets:
  - {from: 2026-01-01, onTarget: "<= 5", atRisk: "<= 8"}
`;

export const RECORDS = `id: sla-attainment
title: Share of incidents within their limit
roles: {owner: soc, collector: soc, analyst: soc}
unit: percent
measures:
  met: {dataset: incidents, cohort: closed, aggregate: within-due}
formula: 100.0 * met
window: {calendar: month, timeZone: Europe/Oslo}
`;

export const CONFIG = `definitions: kpis
sources:
  logs: {type: files, path: ./data}
people:
  iam-lead: {name: Ida}
  soc: {name: SOC}
datasets:
  authentication: {kind: events, source: logs, files: auth.ndjson}
  incidents: {kind: records, source: logs, files: inc.csv, key: number, opened: opened_at, closed: resolved_at}
  assets: {kind: snapshot, source: logs, files: assets.csv}
`;

export interface ValidationFolder {
  readonly path: string;
  /** Writes the files (and CONFIG as clause9.yaml, unless given) into the emptied folder, and validates them. */
  readonly run: (contents: Contents, options?: Partial<RunOptions>) => ReturnType<typeof runValidate>;
  /** What stands where: `line:column severity message`, the file before it where there are several. */
  readonly problemsOf: (contents: Contents, options?: Partial<RunOptions>) => Promise<string[]>;
  readonly remove: () => void;
}

type Contents = Readonly<Record<string, string | Uint8Array>>;

export function validationFolder(): ValidationFolder {
  const path = mkdtempSync(join(tmpdir(), 'clause9-validate-'));
  const run: ValidationFolder['run'] = (contents, options = {}) => {
    for (const part of ['kpis', 'site', 'clause9.yaml'])
      rmSync(join(path, part), { recursive: true, force: true });
    mkdirSync(join(path, 'kpis'));
    for (const [name, text] of Object.entries({ 'clause9.yaml': CONFIG, ...contents })) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    return runValidate({
      configPath: join(path, 'clause9.yaml'),
      connectorTypes: [filesType],
      cwd: path,
      ...options,
    });
  };
  const problemsOf: ValidationFolder['problemsOf'] = async (contents, options = {}) => {
    const { text } = await run(contents, { ...options, output: 'json' });
    const names = Object.keys(contents);
    return report.parse(JSON.parse(text)).problems.map(({ file, line, column, severity, message }) => {
      const place = `${line}:${column} ${severity} ${message}`;
      return names.length === 1 && file === names[0] ? place : `${file}:${place}`;
    });
  };
  return { path, run, problemsOf, remove: () => rmSync(path, { recursive: true }) };
}

const report = z.object({
  problems: z.array(
    z.object({
      file: z.string(),
      line: z.number(),
      column: z.number(),
      severity: z.string(),
      rule: z.string(),
      message: z.string(),
      help: z.string(),
    }),
  ),
});

/** The text with each `from` replaced once by its `to`. */
export function edited(text: string, edits: readonly (readonly [string, string])[]): string {
  return edits.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the fixture has no ${from}`);
    return result.replace(from, to);
  }, text);
}
