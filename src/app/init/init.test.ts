import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectorTypes } from '../../../connectors/index.ts';
import { sourceOf } from '../../../test/fakes/loop.ts';
import { memorySource } from '../../../test/fakes/memory-connector.ts';
import { loadDefinitions } from '../../config/definitions.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { HOUR, MINUTE } from '../../core/time/interval.ts';
import type { Candidate, Connector, ConnectorType, FieldTypes } from '../../ports/connector.ts';
import { askOnce } from '../ask/ask-once.ts';
import { datasetNames } from '../bind/bind.ts';
import { validate } from '../validate/validate.ts';
import { type Proposal, propose } from './init.ts';
import { KNOWN_DATASETS } from './known.ts';
import { configText, proposalText, rolesOf } from './text.ts';

const SHIPPED = resolve(import.meta.dirname, '../../../kpi-definitions');
let shipped: readonly KpiDefinition[] = [];
beforeAll(async () => {
  shipped = (await loadDefinitions([SHIPPED])).definitions.map(({ definition }) => definition);
});

const typesOf = (names: readonly string[]): FieldTypes =>
  Object.fromEntries(names.map((name) => [name, 'text']));

const candidate = (name: string, fields: readonly string[], more: Partial<Candidate> = {}): Candidate => ({
  name,
  options: { index: name },
  time: '@timestamp',
  ingested: null,
  types: { ...typesOf(fields), '@timestamp': 'time' },
  events: 1_000,
  newest: 0,
  ...more,
});

const elasticsearch = (): ConnectorType => {
  const type = connectorTypes.find((one) => one.type === 'elasticsearch');
  if (type === undefined) throw new Error('there is no such type');
  return type;
};

function proposing(candidates: readonly Candidate[], inspected: Partial<Connector> = {}): Promise<Proposal> {
  const connector: Connector = {
    ...memorySource().connector,
    discover: async () => candidates,
    ...inspected,
  };
  const source = sourceOf('elasticsearch');
  const config = { sources: { elasticsearch: source } };
  const ask = askOnce({ config, connector: async () => connector }, MINUTE);
  const input = { source, type: elasticsearch(), ask, definitions: shipped };
  return propose(input, new AbortController().signal);
}

const names = ({ datasets }: Proposal) => datasets.map(({ name }) => name);
const ids = ({ runs }: Proposal) => runs.map(({ id }) => id);

const auth = candidate('logs-system.auth-default', ['event.outcome', 'user.name', 'host.name'], {
  ingested: 'event.ingested',
});

describe('init', () => {
  it('knows every dataset of the shipped KPIs', () => {
    expect(Object.keys(KNOWN_DATASETS).sort()).toEqual([...new Set(shipped.flatMap(datasetNames))].sort());
  });

  it('names a dataset as the shipped KPIs do where its name and its fields fit', async () => {
    const proposal = await proposing([auth]);
    expect(proposal.datasets).toMatchObject([
      { name: 'authentication', kind: 'events', time: '@timestamp', ingested: 'event.ingested', fields: {} },
    ]);
    expect(ids(proposal)).toEqual(['failed-logon-ratio']);
    expect(proposal.lacks.find(({ kpi }) => kpi.id === 'leaver-logons')?.why).toBe('no dataset leavers');
  });

  it('maps other words for the same, and says that it guessed', async () => {
    const cim = candidate('wineventlog-security', ['action', 'user', 'dest']);
    const { datasets } = await proposing([cim]);
    expect(datasets[0]).toMatchObject({
      name: 'authentication',
      fields: { 'event.outcome': 'action', 'user.name': 'user' },
    });
    expect(datasets[0]?.notes.join()).toContain('guesses');
  });

  it('gives other data a name of its own, so that no KPI counts what it was not made for', async () => {
    const proposal = await proposing([
      candidate('logs-system.auth-default', ['message']),
      { ...auth, name: 'auth-2', events: 500 },
      { ...auth, name: 'auth-3', events: 400 },
      candidate('scans', ['message'], { events: 1 }),
    ]);
    expect(names(proposal)).toEqual(['logs-system-auth-default', 'authentication', 'auth-3', 'scans-2']);
    expect(proposal.datasets[2]?.notes.join()).toContain('fits `authentication` as well');
  });

  it('takes for cases what has a key, an opening and a closing, and does not claim a due time', async () => {
    const fields = ['number', 'opened_at', 'resolved_at', 'priority', 'sys_updated_at'];
    const tickets = candidate('incidents', fields, { time: 'opened_at' });
    const without = await proposing([tickets]);
    expect(without.datasets[0]).toMatchObject({
      name: 'incidents',
      kind: 'records',
      cases: {
        key: 'number',
        version: 'sys_updated_at',
        opened: 'opened_at',
        closed: ['resolved_at'],
        due: null,
      },
      fields: { 'ticket.priority': 'priority' },
    });
    expect(without.lacks.find(({ kpi }) => kpi.id === 'incidents-resolved-in-time')?.why).toBe(
      'incidents lacks a due time (`due`)',
    );
    const whole = await proposing([{ ...tickets, types: { ...tickets.types, sla_due: 'time' } }]);
    expect(ids(whole)).toEqual(['incidents-resolved-in-time']);
  });

  it('takes for a list what has no time, and leaves out what is empty', async () => {
    const proposal = await proposing([
      candidate('leavers', ['user.name'], { time: null }),
      candidate('nothing', [], { events: 0 }),
    ]);
    expect(proposal.datasets).toMatchObject([
      { name: 'leavers', kind: 'snapshot', time: null, ingested: null },
    ]);
    expect(proposal.leftOut).toEqual(["nothing: empty, or it can't be read"]);
  });

  it('suggests how often something comes in, and says how late', async () => {
    const inspect: Connector['inspect'] = async () => ({
      server: 'x',
      events: 24 * 30,
      oldest: 0,
      newest: 24 * HOUR,
      lag: { median: 0, p99: 9.2 * MINUTE, max: 0 },
      ahead: 0,
      findings: [],
    });
    const { datasets } = await proposing([auth], { inspect });
    expect(datasets[0]?.expectEvents).toBe('1h');
    expect(datasets[0]?.notes.at(-1)).toBe('1 of 100 comes in later than 10 minutes: think of `settle: 10m`');
  });

  it('writes a configuration without an error, whatever things are called', async () => {
    const nasty = candidate('auth\nevil: {}', ['event.outcome', 'user.name', 'true', ': x'], {
      options: { index: ['logs-*', '-no', '@all: #1'.replaceAll(/[:# ]/g, '_')] },
      time: 'on',
    });
    const proposal = await proposing([
      { ...nasty, types: { ...nasty.types, on: 'time' } },
      candidate('incidents', ['number', 'opened', 'closed', 'due', 'priority'], { options: { index: 'x' } }),
      candidate('leavers', ['user.name'], { time: null }),
      candidate('empty\n  evil: {}', [], { events: 0 }),
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'clause9-init-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'clause9.yaml');
    const source = {
      type: 'elasticsearch',
      url: 'https://es.example:9200/#: "x"',
      auth: { username: 'on', password: { env: 'PASSWORD' } },
    };
    const parts = { sourceName: 'elasticsearch', source, definitions: SHIPPED, people: rolesOf(shipped) };
    writeFileSync(file, configText(parts, proposal));
    const { problems, config } = await validate({ configPath: file, connectorTypes });
    expect(problems).toEqual([]);
    expect(config?.datasets.authentication).toMatchObject({
      time: 'on',
      options: { index: 'logs-*,-no,@all___1' },
    });
    expect(Object.keys(config?.datasets ?? {}).sort()).toEqual(['authentication', 'incidents', 'leavers']);
    expect(config?.sources.elasticsearch?.options).toMatchObject({ url: [source.url], auth: source.auth });
    expect(proposalText(proposal)).toContain('✓ leaver-logons');
  });
});
