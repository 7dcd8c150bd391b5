import { afterAll, describe, expect, it } from 'vitest';
import { edited, KPI, RECORDS, validationFolder } from '../../../test/fakes/validation.ts';

const folder = validationFolder();
afterAll(folder.remove);
const { problemsOf } = folder;

type Case = readonly [
  rule: string,
  edits: readonly (readonly [string, string])[],
  expected: readonly string[],
];

describe('every mistake in a definition is said with its place', () => {
  const cases: readonly Case[] = [
    ['nothing wrong', [], []],
    ['an unknown key', [['unit:', 'unti:']], ['5:1 error unknown key `unti`']],
    ['an unknown key deep inside', [['where: {event', 'wheer: {event']], ['8:37 error unknown key `wheer`']],
    [
      'a missing key',
      [['title: Share of interactive logons that fail\n', '']],
      ['1:1 error `title` is missing'],
    ],
    ['a missing key inside', [[', every: 1h', '']], ['12:1 error `every` is missing']],
    [
      'an id with other signs',
      [['id: failed', 'id: Failed']],
      ['1:5 error `id` can\'t be "Failed-logon-ratio"'],
    ],
    [
      'a word that is none of the choices',
      [['lower-is', 'smaller-is']],
      [
        '6:12 error `direction` must be `higher-is-better` or `lower-is-better` or `within-range`, not "smaller-is-better"',
      ],
    ],
    [
      'a number where text is expected',
      [['unit: percent', 'unit: 012']],
      ['5:7 error `unit` must be text, but 012 is read as the number 12'],
    ],
    [
      'an unquoted control, which YAML would shorten',
      [['["A.8.5", "8.16"]', '[8.10]']],
      ['3:12 error item 1 of `controls` must be text, but 8.10 is read as the number 8.1'],
    ],
    [
      'a control that is none',
      [['8.16', '8.35']],
      ['3:21 error there is no control "8.35" in ISO/IEC 27002:2022'],
    ],
    ['a control twice', [['8.16', 'A.8.5']], ['3:21 error the control A.8.5 stands here twice']],
    [
      'yes for true',
      [['unit: percent', 'headline: yes']],
      ['5:11 error `headline` must be true or false; "yes" is a text in YAML 1.2'],
    ],
    [
      'a formula that names no measure',
      [['* failed', '* faild']],
      ['10:18 error the formula names no measure: faild'],
    ],
    [
      'a formula that gives no number',
      [['100.0 * failed / all', 'failed > all']],
      ['10:10 error the formula gives true or false, not a number'],
    ],
    [
      'no formula over two measures',
      [['formula: 100.0 * failed / all\n', '']],
      ['1:1 error `formula` is missing: there is more than one measure'],
    ],
    [
      'a measure that no one uses',
      [['100.0 * failed / all', 'all']],
      ['8:3 warning the formula does not use the measure "failed"'],
    ],
    [
      "a measure's name that the formula can't hold",
      [
        ['  all:', '  all-of-them:'],
        ['/ all', '/ 2'],
        ['measure: all', 'measure: all-of-them'],
      ],
      ['9:3 error the measure\'s name "all-of-them" can\'t be used in a formula'],
    ],
    [
      'an aggregate that is none',
      [['failure}, aggregate: count', 'failure}, aggregate: cuont']],
      ['8:81 error `aggregate` must be `count`, not "cuont"'],
    ],
    [
      'an aggregate without its field',
      [['failure}, aggregate: count', 'failure}, aggregate: {percentile: 95}']],
      ['8:70 error `of` is missing'],
    ],
    [
      'a filter that is none',
      [['event.outcome: failure', 'event.outcome|contians: failure']],
      ['8:45 error there is no modifier `contians`'],
    ],
    [
      'a condition that names no selection',
      [['{event.outcome: failure}', '{sel: {a: b}, condition: sle}']],
      ['8:69 error the condition names `sle`, but there is no such selection'],
    ],
    ['an empty filter', [['{event.outcome: failure}', '{}']], ['8:44 error the map is empty']],
    [
      'a window that no slice divides',
      [['{rolling: 24h, every: 1h}', '{rolling: 24h, every: 90s}']],
      ['12:9 error no slice divides a window of 24h every 90s'],
    ],
    [
      'a window that leaves gaps',
      [['{rolling: 24h, every: 1h}', '{rolling: 1h, every: 24h}']],
      ['12:30 error a window of 1h that moves by 24h leaves out what lies between'],
    ],
    [
      'a duration that is none',
      [['rolling: 24h', 'rolling: a day']],
      ['12:19 error `rolling` is no duration: "a day"'],
    ],
    [
      'a zone that is none',
      [['{rolling: 24h, every: 1h}', '{calendar: month, timeZone: Europe/Olso}']],
      ['12:37 error there is no time zone "Europe/Olso"'],
    ],
    [
      'a minimum sample of no measure',
      [['{measure: all', '{measure: al']],
      ['13:26 error there is no measure "al"'],
    ],
    [
      'a target against the direction',
      [['"<= 5", atRisk: "<= 8"', '">= 5"']],
      ['15:34 error the target ">= 5" contradicts the direction lower-is-better'],
    ],
    ['a target that is no condition', [['"<= 5"', '"5%"']], ['15:34 error "5%" is no condition on a value']],
    [
      'a band on the wrong side',
      [['<= 8', '<= 4']],
      ['15:50 error "<= 4" lies on the wrong side of the target "<= 5"'],
    ],
    [
      'a band that is the target',
      [['<= 8', '<= 5']],
      ['15:50 error nothing could be at risk: "<= 5" is the target itself'],
    ],
    [
      'a day that is none',
      [['2026-01-01', '2026-02-30']],
      ['15:12 error `from` is no day of the calendar: "2026-02-30"'],
    ],
    [
      'a target that ends before it begins',
      [['2026-01-01,', '2026-01-01, until: 2025-12-31,']],
      ['15:31 error this target ends (2025-12-31) before it begins (2026-01-01)'],
    ],
    [
      'two targets on one day',
      [['"<= 8"}', '"<= 8"}\n  - {from: 2026-01-01, onTarget: "<= 4"}']],
      [
        '16:12 error this target is in force at the same time as target 1, from 2026-01-01, for the same group',
      ],
    ],
    [
      'a target for what is no group',
      [['"<= 8"}', '"<= 8", for: {user.name: root}}']],
      ['15:64 error the KPI is not grouped by `user.name`'],
    ],
    [
      'a rule that can never hold',
      [['unit: percent', 'nonconformity: {raise: {offTarget: 3, of: 2}}']],
      ['5:43 error 3 of 2 windows can never be off target'],
    ],
    [
      'a person who is none',
      [['owner: iam-lead', 'owner: iam-laed']],
      ['4:16 error there is no "iam-laed" among the people of the configuration'],
    ],
    ['a role without a person', [[', analyst: soc', '']], ['4:1 warning nobody is analyst of this KPI']],
    [
      'a misspelt dataset',
      [['dataset: authentication, where', 'dataset: authentcation, where']],
      ['8:21 warning there is no dataset "authentcation"'],
    ],
    [
      'records counted as events',
      [['dataset: authentication, where', 'dataset: incidents, where']],
      ['8:21 error `incidents` holds records, so the measure must say which of them a window is about'],
    ],
    [
      'a join with records',
      [['event.outcome: failure', '"host.name|in": {dataset: incidents, field: host}']],
      ['8:44 error `in` looks into snapshots and events, but `incidents` holds records'],
    ],
    [
      'a query with groups',
      [
        [
          'all: {dataset: authentication, aggregate: count}',
          'all: {dataset: authentication, query: {sql: SELECT 1 AS n}, value: n}',
        ],
      ],
      ["11:10 error `all` is a query, whose number for a window can't be split into groups"],
    ],
    [
      'a query over a list',
      [
        ['groupBy: [user.domain]\n', ''],
        [
          'all: {dataset: authentication, aggregate: count}',
          'all: {dataset: assets, query: {sql: SELECT 1 AS n}, value: n}',
        ],
      ],
      ['9:18 error a query is asked over events, but `assets` holds a snapshot'],
    ],
    [
      'a query in an unknown language',
      [
        ['groupBy: [user.domain]\n', ''],
        [
          'all: {dataset: authentication, aggregate: count}',
          'all: {dataset: authentication, query: {sqll: SELECT 1 AS n}, value: n}',
        ],
      ],
      ['9:42 error unknown key `sqll`'],
    ],
    [
      'a query beside a filter',
      [
        ['groupBy: [user.domain]\n', ''],
        [
          'all: {dataset: authentication, aggregate: count}',
          'all: {dataset: authentication, where: {a: b}, query: {sql: SELECT 1 AS n}, value: n}',
        ],
      ],
      ['9:41 error `where` has no place here'],
    ],
    [
      'an unknown companion',
      [['unit: percent', 'shownWith: [locked-accounts]']],
      ['5:13 warning there is no KPI "locked-accounts"'],
    ],
    [
      'an unknown KPI that must not worsen',
      [['unit: percent', 'correctiveAction: {dueIn: 14d, mustNotWorsen: [locked]}']],
      ['5:48 error there is no KPI "locked"'],
    ],
    ['a tab', [['  failed:', '\tfailed:']], ['8:1 error a tab stands where only spaces may']],
    [
      'a key twice',
      [['unit: percent', 'unit: percent\nunit: count']],
      ['6:1 error the key `unit` stands in this map twice'],
    ],
    [
      'an alias that loops',
      [['{event.outcome: failure}', '&a {b: *a}']],
      ['8:51 error the alias *a stands inside what it stands for'],
    ],
    [
      'a number that loses digits',
      [['event.outcome: failure', 'a: 12345678901234567890']],
      ['8:48 error the number is too large to be held exactly'],
    ],
    [
      'a number written oddly',
      [['event.outcome: failure', 'a: 1e3']],
      ['8:48 warning 1e3 is read as the number 1000'],
    ],
    [
      'a second document',
      [
        ['id: failed', '---\nid: failed'],
        ['targets:', '---\ntargets:'],
      ],
      ['15:1 error a second document begins here (`---`)'],
    ],
    [
      'a Sigma rule that is not there',
      [['{event.outcome: failure}', '{sigma: rules/none.yml}']],
      [`8:52 error rules/none.yml: the file can't be read: there is no such file`],
    ],
  ];
  it.each(cases)('%s', async (_rule, edits, expected) => {
    expect(await problemsOf({ 'kpis/a.yaml': edited(KPI, edits) })).toEqual(expected);
  });

  const ofRecords: readonly Case[] = [
    ['nothing wrong', [], []],
    [
      'a share shown as percent',
      [['formula: 100.0 * met\n', '']],
      ['4:7 error "met" is a share from 0 to 1, but the unit is percent'],
    ],
    [
      'hours shown as days',
      [
        ['within-due', '{duration: median, unit: hours}'],
        ['100.0 * ', ''],
        ['percent', 'days'],
      ],
      ['4:7 error "met" is measured in hours, but the unit is days'],
    ],
    [
      'a cohort that could never be decided',
      [['closed, aggregate: within-due', 'opened, aggregate: {within: 72h}']],
      [
        '6:65 error records opened last could never be decided: within 72h needs a followUp of at least 72h, and it is 0s',
      ],
    ],
    [
      'enough follow-up',
      [['closed, aggregate: within-due', 'opened, followUp: 72h, aggregate: {within: 72h}']],
      [],
    ],
    [
      'an age of closed records',
      [['within-due', '{age: p90, unit: days}']],
      ['6:37 error an age is that of open records, but the cohort is "closed"'],
    ],
    [
      'a due time of open records',
      [['cohort: closed', 'cohort: open-at-end']],
      [
        '6:37 error "within-due" asks when a record was closed, but none of the cohort "open-at-end" is closed',
      ],
    ],
    [
      'a cohort that is none',
      [['cohort: closed', 'cohort: solved']],
      ['6:37 error `cohort` must be `opened` or `closed` or `due` or `open-at-end`, not "solved"'],
    ],
    [
      'an aggregate of events with a cohort',
      [['within-due', '{sum: effort}']],
      ['6:57 error unknown key `sum`'],
    ],
    [
      'an aggregate of records without a cohort',
      [['cohort: closed, aggregate: within-due', 'aggregate: {within: 72h}']],
      ['6:3 error `cohort` is missing'],
    ],
    [
      'a cohort over events',
      [['dataset: incidents', 'dataset: authentication']],
      ['6:18 error a measure with a cohort needs records, but `authentication` holds events'],
    ],
  ];
  it.each(ofRecords)('of records: %s', async (_rule, edits, expected) => {
    expect(await problemsOf({ 'kpis/a.yaml': edited(RECORDS, edits) })).toEqual(expected);
  });

  it('all of them at once, also beside a broken shape', async () => {
    const text = edited(KPI, [
      ['unit:', 'unti:'],
      ['failed / all', 'faild / all'],
      ['rolling: 24h', 'rolling: 24 h'],
      [
        '  - {from',
        '  - {from: 2026-01-01, onTarget: 5}\n  - {from: 2026-02-30, onTarget: "= 3"}\n  - {from',
      ],
    ]);
    expect(await problemsOf({ 'kpis/a.yaml': text })).toEqual([
      '5:1 error unknown key `unti`',
      '10:18 error the formula names no measure: faild',
      '12:19 error `rolling` is no duration: "24 h"',
      '15:34 error `onTarget` must be text, not the number 5',
      '16:12 error `from` is no day of the calendar: "2026-02-30"',
      '16:34 error "= 3" is no condition on a value',
    ]);
  });
});
