/** The tables of kpi-definitions/README.md, from the definitions and their tests. What stands before them is written by hand. */
import { readFileSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { inline } from '../connectors/inline/index.ts';
import { filtersOf } from '../src/app/bind/bind.ts';
import { type LoadedDefinition, loadDefinitions } from '../src/config/definitions.ts';
import { findTestFiles } from '../src/config/files.ts';
import { loadTest } from '../src/config/kpi-tests.ts';
import type { Dataset } from '../src/config/model.ts';
import type { KpiDefinition, WindowSpec } from '../src/core/definition/model.ts';
import { filterFields, filterLookups } from '../src/core/filter/bind.ts';
import { formatDuration } from '../src/core/time/interval.ts';
import { formatCondition } from '../src/core/verdict/condition.ts';

const FOLDER = 'kpi-definitions';
const MARK = '<!-- From here on written by scripts/catalogue.ts. -->';

/** What each dataset holds, and where it comes from: the one thing that no definition tells. */
const HOLDS: Readonly<Record<string, string>> = {
  accounts: 'the enabled accounts of people, from the directory',
  'account-management': 'what is done to accounts, in the directory or at the identity provider',
  alerts: 'alerts of the SIEM, a row each time one changes, with the time of closing',
  'alert-triage': 'the same alerts, "closed" by the first look of a person',
  assets: 'the hosts that there should be, from the asset list',
  'attack-techniques': 'the ATT&CK techniques that matter to you, a row each',
  authentication: 'logons, those that failed too',
  backups: 'runs of backups, with their outcome',
  'detection-rules': 'the enabled rules, with the techniques that each looks for',
  'endpoint-agents': 'signs of life of the endpoint protection',
  findings: "the scanner's findings, one for each host and CVE, with first and last sight and a due time",
  'http-access': 'requests, from the proxy or load balancer',
  incidents: 'incident tickets, with their due time',
  kev: "CISA's catalogue of known exploited vulnerabilities, as CISA publishes it",
  leavers: 'accounts of people who have left, from personnel',
  'log-sources': 'the register of sources that must send logs, a row each',
  logs: 'all logs, with the seconds from event to arrival',
  malware: 'detections of the endpoint protection, with what became of them',
  'protected-systems': 'the systems that must be backed up',
  'rule-runs':
    'runs of detection rules (`.kibana-event-log-*`; Splunk: `index=_internal sourcetype=scheduler`)',
  scans: 'hosts that the scanner went through, with its outcome',
  'sign-ins': 'interactive sign-ins at the identity provider, with whether a second factor was used',
  'uptime-checks': 'checks of services from outside (Heartbeat, Synthetics)',
};

interface Need {
  dataset: Dataset | null;
  readonly fields: Set<string>;
  readonly kpis: Set<string>;
}

/** The whole page as it should be. */
export async function catalogue(): Promise<string> {
  const { definitions } = await loadDefinitions([FOLDER]);
  const datasets = testedDatasets();
  const topics = Map.groupBy(definitions, ({ file }) => basename(dirname(file)));
  const text = [
    `${readFileSync(`${FOLDER}/README.md`, 'utf8').split(MARK)[0]?.trim()}\n\n${MARK}`,
    ...[...topics].map(([topic, members]) => topicTable(topic, members)),
    datasetTable(definitions, datasets),
  ];
  return `${text.join('\n\n')}\n`;
}

/** The datasets as the tests have them: their kind and times. */
function testedDatasets(): ReadonlyMap<string, Dataset> {
  const tests = findTestFiles([FOLDER]).files.flatMap((file) => loadTest(file, inline).test ?? []);
  return new Map(tests.flatMap(({ datasets }) => Object.entries(datasets)));
}

function topicTable(topic: string, members: readonly LoadedDefinition[]): string {
  const rows = members.map(({ definition, file }) => {
    const link = `[${definition.id}](${relative(FOLDER, file)})`;
    const star = definition.headline ? ' ★' : '';
    const controls = definition.controls.join(', ');
    return `| ${link}${star} | ${definition.title} | ${targetText(definition)} | ${windowText(definition.window)} | ${controls} |`;
  });
  const head = '| KPI | what it tells | on target | window | controls |\n|---|---|---|---|---|';
  return `## ${topic.charAt(0).toUpperCase()}${topic.slice(1)}\n\n${head}\n${rows.join('\n')}`;
}

function targetText({ targets, unit }: KpiDefinition): string {
  const general = targets.find((target) => target.for === null);
  if (general === undefined) return '';
  const own = targets.some((target) => target.for !== null) ? ', some groups stricter' : '';
  return `${formatCondition(general.onTarget)}${unit === 'count' ? '' : ` ${unit}`}${own}`;
}

const windowText = (window: WindowSpec): string =>
  window.kind === 'calendar'
    ? `a ${window.unit}`
    : `${formatDuration(window.lengthMs)}, every ${formatDuration(window.everyMs)}`;

function datasetTable(
  definitions: readonly LoadedDefinition[],
  datasets: ReadonlyMap<string, Dataset>,
): string {
  const needs = new Map<string, Need>();
  const need = (name: string, kpi: string): Need => {
    const one = needs.get(name) ?? {
      dataset: datasets.get(name) ?? null,
      fields: new Set(),
      kpis: new Set(),
    };
    needs.set(name, one);
    one.kpis.add(kpi);
    return one;
  };
  for (const { definition } of definitions) {
    for (const measure of Object.values(definition.measures)) {
      const { fields } = need(measure.dataset, definition.id);
      for (const filter of filtersOf(measure)) {
        for (const field of filterFields(filter)) fields.add(field);
        for (const lookup of filterLookups(filter))
          need(lookup.dataset, definition.id).fields.add(lookup.field);
      }
      if (measure.kind === 'events' && 'field' in measure.aggregate) fields.add(measure.aggregate.field);
      for (const field of definition.groupBy) fields.add(field);
    }
  }
  const rows = [...needs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => datasetRow(name, one));
  const head = '| dataset | kind | what it holds | fields that are used | KPIs |\n|---|---|---|---|---|';
  return `## The datasets that they need\n\n${head}\n${rows.join('\n')}`;
}

function datasetRow(name: string, { dataset, fields, kpis }: Need): string {
  const holds = HOLDS[name];
  if (holds === undefined || dataset === null)
    throw new Error(`scripts/catalogue.ts says nothing of the dataset ${name}`);
  const times =
    dataset.kind === 'records' ? `; key, opened, closed${dataset.due === null ? '' : ', due'}, ingested` : '';
  const used = [...fields].sort().map((field) => `\`${field}\``);
  return `| \`${name}\` | ${dataset.kind} | ${holds} | ${used.join(', ')}${times} | ${kpis.size} |`;
}
