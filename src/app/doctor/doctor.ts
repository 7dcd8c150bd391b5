/**
 * `clause9 doctor`: whether each source can be trusted with what the definitions ask of it. Asks each source once, all
 * at the same time, within a minute; what there was no time for is said, and is no good sign.
 */
import type { Config, Dataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { Clause9Error, ConnectorError } from '../../core/errors.ts';
import { SECOND } from '../../core/time/interval.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connector } from '../../ports/connector.ts';
import type { Ask } from '../ask/ask.ts';
import { askOnce } from '../ask/ask-once.ts';
import { missingDatasets } from '../bind/bind.ts';
import { clockFindings, inspectionFindings, timeFindings } from './dataset.ts';
import { fieldFindings } from './fields.ts';
import { filterFindings } from './filters.ts';
import { type Examined, type Finding, toldBy } from './findings.ts';
import { presenceFindings } from './presence.ts';
import { twiceFindings } from './twice.ts';

export interface DatasetDiagnosis {
  readonly dataset: string;
  readonly kind: Dataset['kind'];
  /** What the account may see, as the source tells it; null: no such thing. */
  readonly access: string | null;
  readonly findings: readonly Finding[];
}

export interface SourceDiagnosis {
  readonly source: string;
  readonly type: string;
  /** e.g. `Elasticsearch 9.5.3`; null: it did not say. */
  readonly server: string | null;
  readonly findings: readonly Finding[];
  readonly datasets: readonly DatasetDiagnosis[];
}

export interface Diagnosis {
  readonly asOf: number;
  readonly sources: readonly SourceDiagnosis[];
  readonly notConfigured: readonly { readonly kpi: string; readonly datasets: readonly string[] }[];
}

export interface DoctorContext {
  readonly config: Config;
  readonly definitions: readonly KpiDefinition[];
  readonly connector: (source: string) => Promise<Connector>;
  readonly clock: Clock;
}

/** How long one call may take, and all of them. */
export interface Patience {
  readonly callMs: number;
  readonly allMs: number;
}

const PATIENCE: Patience = { callMs: 20 * SECOND, allMs: 55 * SECOND };

/** Throws where there is no such source. */
export async function diagnose(
  context: DoctorContext,
  options: { readonly source?: string; readonly signal: AbortSignal; readonly patience?: Patience },
): Promise<Diagnosis> {
  const { config, clock } = context;
  const { source, signal, patience = PATIENCE } = options;
  if (source !== undefined && config.sources[source] === undefined)
    throw new Clause9Error(`there is no source "${source}"`, {
      help: `There are ${Object.keys(config.sources).join(', ')}.`,
    });
  const live = context.definitions.filter(({ status }) => status !== 'retired');
  const lacking = live.map((one) => ({ kpi: one.id, datasets: missingDatasets(one, config) }));
  const usable = live.filter((one) => missingDatasets(one, config).length === 0);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(noTimeLeft()), patience.allMs);
  const ask = askOnce(context, patience.callMs);
  const both = AbortSignal.any([signal, over.signal]);
  try {
    const names = Object.keys(config.sources).filter((name) => source === undefined || name === source);
    const parts = { ...context, definitions: usable };
    const sources = await Promise.all(names.map((name) => examineSource(parts, ask, name, both)));
    signal.throwIfAborted();
    return {
      asOf: clock.now(),
      sources,
      notConfigured: lacking.filter(({ datasets }) => datasets.length > 0),
    };
  } finally {
    clearTimeout(timer);
  }
}

const noTimeLeft = (): ConnectorError =>
  new ConnectorError('there was no time left to look at it', {
    retryable: true,
    help: 'Its source is slow: look at one source at a time, by --source.',
  });

/** Whether anything is wrong. */
export const isIll = ({ sources }: Diagnosis): boolean =>
  sources
    .flatMap(({ findings, datasets }) => [findings, ...datasets.map((one) => one.findings)])
    .some((findings) => findings.some(({ level }) => level === 'error'));

interface Looked extends DatasetDiagnosis {
  readonly server: string | null;
  readonly clock: readonly Finding[];
  /** Why it could not be asked at all. */
  readonly silence: string | null;
}

async function examineSource(
  context: DoctorContext,
  ask: Ask,
  source: string,
  signal: AbortSignal,
): Promise<SourceDiagnosis> {
  const { config } = context;
  const datasets = Object.values(config.datasets).filter((one) => one.source === source);
  const looked = await Promise.all(datasets.map((one) => examineDataset(context, ask, one, signal)));
  const server = looked.find((one) => one.server !== null)?.server ?? null;
  const silences = looked.map(({ silence }) => silence);
  const [first] = silences;
  // The same words about each dataset are about their source.
  const isMute = first != null && silences.every((one) => one === first) && looked.length > 1;
  const strip = ({ dataset, kind, access, findings }: Looked): DatasetDiagnosis => ({
    dataset,
    kind,
    access,
    findings: isMute ? [] : findings,
  });
  return {
    source,
    type: config.sources[source]?.type ?? '',
    server,
    findings: isMute ? [{ level: 'error', check: 'reachable', text: first }] : sourceFindings(looked),
    datasets: looked.map(strip),
  };
}

function sourceFindings(looked: readonly Looked[]): Finding[] {
  if (looked.length === 0) {
    return [{ level: 'warning', check: 'reachable', text: 'No dataset is of this source: not looked at' }];
  }
  if (looked.every(({ silence }) => silence !== null)) return [];
  const clock = looked.find((one) => one.clock.length > 0)?.clock ?? [];
  return [{ level: 'ok', check: 'reachable', text: 'It answers' }, ...clock];
}

async function examineDataset(
  { definitions, clock }: DoctorContext,
  ask: Ask,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<Looked> {
  const { name, kind, source } = dataset;
  const own: Examined['ask'] = (call) => ask(source, signal, call);
  try {
    const { probe, sent, received } = await own(async (connector, abort) => {
      const sent = clock.now();
      const probe = await connector.probe(dataset, abort);
      return { probe, sent, received: clock.now() };
    });
    const examined: Examined = { dataset, definitions, now: received, probe, ask: own };
    const [inspected, fields, presence, filters, twice] = await Promise.all([
      inspectionFindings(examined),
      fieldFindings(examined),
      presenceFindings(examined),
      filterFindings(examined),
      twiceFindings(examined),
    ]);
    return {
      dataset: name,
      kind,
      access: probe.access,
      server: inspected.server,
      clock: clockFindings(probe.now, sent, received),
      findings: [
        ...timeFindings(examined),
        ...inspected.findings,
        ...fields,
        ...presence,
        ...filters,
        ...twice,
      ],
      silence: null,
    };
  } catch (error) {
    const silence = toldBy(error);
    const finding: Finding = { level: 'error', check: 'reachable', text: silence };
    return { dataset: name, kind, access: null, server: null, clock: [], findings: [finding], silence };
  }
}
