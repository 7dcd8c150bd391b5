import { execFileSync, spawnSync } from 'node:child_process';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { fakeDefinition, fakeResult, fakeTarget } from '../../../test/fakes/kpi.ts';
import { FAKE_NOW } from '../../../test/fakes/kpi-data.ts';
import { fakeControl, fakeReadModel } from '../../../test/fakes/read-model.ts';
import type { ReadModel } from '../../app/read-model.ts';
import { createServer, type ServerDeps } from '../server.ts';
import { labelNames } from './labels.ts';

async function scrape(deps: Partial<ServerDeps> = {}): Promise<string> {
  const logger = pino({ level: 'silent' });
  const { metrics } = await createServer({ read: fakeReadModel(), control: fakeControl(), logger, ...deps });
  const response = await metrics.inject('/metrics');
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toContain('text/plain; version=0.0.4');
  return response.body;
}

/** The lines of a metric for a KPI, without the metric's name. */
const lines = (text: string, metric: string, kpi: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) && line.includes(`kpi="${kpi}"`))
    .map((line) => line.slice(metric.length));

describe('a KPI’s metrics', () => {
  it('show value, bounds, target and verdict, for itself and for each group', async () => {
    const text = await scrape();
    const kpi = 'failed-logon-ratio';
    expect(lines(text, 'clause9_kpi_value', kpi)).toEqual(
      expect.arrayContaining([
        `{kpi="${kpi}"} 9.2`,
        `{kpi="${kpi}",user_domain="CORP"} 12.6`,
        `{kpi="${kpi}",user_domain="(none)"} 2`,
      ]),
    );
    expect(lines(text, 'clause9_kpi_target', kpi)).toContain(
      `{kpi="${kpi}",user_domain="ADMIN",bound="high"} 1`,
    );
    expect(lines(text, 'clause9_kpi_verdict', kpi).slice(0, 4)).toEqual([
      `{kpi="${kpi}",verdict="on-target"} 0`,
      `{kpi="${kpi}",verdict="at-risk"} 0`,
      `{kpi="${kpi}",verdict="off-target"} 1`,
      `{kpi="${kpi}",verdict="unknown"} 0`,
    ]);
    expect(lines(text, 'clause9_kpi_window_end_timestamp_seconds', kpi)[0]).toBe(
      `{kpi="${kpi}"} ${Date.UTC(2016, 5, 2, 6) / 1000}`,
    );
    expect(lines(text, 'clause9_kpi_target', 'privileged-accounts')).toEqual([
      '{kpi="privileged-accounts",bound="low"} 3',
      '{kpi="privileged-accounts",bound="high"} 5',
    ]);
  });

  it.each([
    ['backlog', 'missing'],
    ['edr-detections', 'silent'],
    ['restore-tests', 'small-sample'],
    ['stale-feed', 'stale'],
    ['new-kpi', 'no-result'],
  ])('of an unknown one (%s) have no value, and say why: %s', async (kpi, reason) => {
    const text = await scrape();
    for (const metric of ['value', 'lower_bound', 'upper_bound'])
      expect(lines(text, `clause9_kpi_${metric}`, kpi)).toEqual([]);
    expect(lines(text, 'clause9_kpi_unknown', kpi)).toEqual([`{kpi="${kpi}",reason="${reason}"} 1`]);
    expect(lines(text, 'clause9_kpi_verdict', kpi)).toContain(`{kpi="${kpi}",verdict="unknown"} 1`);
  });

  it('of an undecided one keep its value and bounds, which are honest', async () => {
    const text = await scrape();
    expect(lines(text, 'clause9_kpi_value', 'sla-attainment')).toEqual(['{kpi="sla-attainment"} 51.7']);
    expect(lines(text, 'clause9_kpi_lower_bound', 'sla-attainment')).toHaveLength(1);
    expect(lines(text, 'clause9_kpi_final', 'sla-attainment')).toEqual(['{kpi="sla-attainment"} 0']);
    expect(lines(text, 'clause9_kpi_unknown', 'sla-attainment')[0]).toContain('undecided');
  });

  it('of one that is not configured are only what it is', async () => {
    const text = await scrape();
    expect(text.split('\n').filter((line) => line.includes('kpi="kev-exposure"'))).toEqual([
      expect.stringMatching(/^clause9_kpi_info\{/),
    ]);
  });

  it('carry title, owner, unit and the KPI’s own labels in an info metric', async () => {
    const [info] = lines(await scrape(), 'clause9_kpi_info', 'failed-logon-ratio');
    expect(info).toContain(
      'owner="soc-lead",unit="percent",direction="lower-is-better",status="active",team="iam"',
    );
  });

  it('are written anew when something changed, and only then; a group or definition that went is gone', async () => {
    let [gone, version, asked] = [false, '1', 0];
    const fake = fakeReadModel();
    const read: ReadModel = {
      ...fake,
      version: async () => version,
      kpis: async () => {
        asked += 1;
        return gone ? [] : fake.kpis();
      },
    };
    const { metrics } = await createServer({
      read,
      control: fakeControl(),
      logger: pino({ level: 'silent' }),
    });
    for (const _ of [1, 2]) expect((await metrics.inject('/metrics')).body).toContain('clause9_kpi_value{');
    expect(asked).toBe(1);
    [gone, version] = [true, '2'];
    expect((await metrics.inject('/metrics')).body).not.toContain('clause9_kpi_value{');
  });

  it('keep two groups apart whose values hold commas, quotes and line breaks', async () => {
    const definition = fakeDefinition({
      id: 'k',
      groupBy: ['a', 'b'],
      targets: [fakeTarget({ op: '>=', limit: 1 }, null)],
    });
    const window = { kpi: 'k', start: 0, end: 1000 };
    const groups = [
      { a: 'x,b:y', b: 'z' },
      { a: 'x', b: 'y,b:z' },
      { a: '"\n\\', b: '' },
    ];
    const read = fakeReadModel([
      {
        definition,
        windows: [
          [fakeResult({ ...window, value: 0 })],
          ...groups.map((group, index) => [fakeResult({ ...window, group, value: index + 1 })] as const),
        ],
      },
    ]);
    expect(lines(await scrape({ read }), 'clause9_kpi_value', 'k').sort()).toEqual([
      '{kpi="k",a="\\"\\n\\\\",b=""} 3',
      '{kpi="k",a="x",b="y,b:z"} 2',
      '{kpi="k",a="x,b:y",b="z"} 1',
      '{kpi="k"} 0',
    ]);
  });
});

describe('label names', () => {
  it.each([
    [['user.domain'], ['user_domain']],
    [
      ['user.domain', 'user_domain'],
      ['user_domain', 'user_domain_2'],
    ],
    [
      ['kpi', 'verdict', 'le'],
      ['kpi_2', 'verdict_2', 'le_2'],
    ],
    [
      ['@timestamp', '1st', '', '__name__', 'größe'],
      ['_timestamp', '_1st', '_', '_name__', 'gr__e'],
    ],
  ])('of %j are %j', (names, labels) => {
    expect([...labelNames(names).values()]).toEqual(labels);
  });
});

describe('the service’s own metrics', () => {
  it('tell of cycles, searches, missing slices and reloads', async () => {
    const text = await scrape();
    for (const line of [
      'clause9_cycle_duration_seconds 0.84',
      'clause9_source_searches_total{source="prod-splunk"} 17',
      'clause9_source_search_failures_total{source="prod-splunk"} 2',
      'clause9_source_search_seconds_total{source="log-files"} 3.25',
      'clause9_missing_slices 3',
      'clause9_source_left_alone{source="log-files"} 0',
      'clause9_source_left_alone{source="prod-splunk"} 1',
      'clause9_source_reads_put_off{source="prod-splunk"} 12',
      'clause9_source_reads_refused{source="prod-splunk"} 0',
      `clause9_dataset_collected_until_timestamp_seconds{dataset="authentication"} ${(FAKE_NOW - 300_000) / 1000}`,
      `clause9_dataset_complete_since_timestamp_seconds{dataset="authentication"} ${(FAKE_NOW - 7_200_000) / 1000}`,
      'clause9_dataset_missing_slices{dataset="authentication"} 3',
      'clause9_dataset_missing_slices{dataset="mail"} 0',
      'clause9_last_reload_success 1',
      'clause9_definitions 13',
      'clause9_build_info{version="0.1.0"} 1',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  });

  it('have no series for what has not happened yet', async () => {
    const control = fakeControl({ lastCycle: null, lastSuccess: null, lastReload: null });
    const text = await scrape({ control });
    expect(text).not.toMatch(/^clause9_(cycle|last)\w* /m);
  });
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;
const leftOut = !promtool && process.env.CI === undefined;

describe('Prometheus', () => {
  it.skipIf(leftOut)(
    `takes every metric${leftOut ? ' (left out: promtool is not installed; apt install prometheus)' : ''}`,
    async () => {
      const input = await scrape();
      expect(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('');
    },
  );
});
