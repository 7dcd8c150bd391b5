/** What searches mean to the fake: each row is a statement about Splunk, from its documentation or a recorded answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Splunkd, startSplunkd } from './index.ts';
import { search, TOKEN } from './testing.ts';

let splunkd: Splunkd;

const event = (at: number, fields: Readonly<Record<string, string | readonly string[]>>, late = 5) => ({
  _time: 1_480_000_000 + at,
  _indextime: 1_480_000_000 + at + late,
  sourcetype: 'access',
  fields,
});

beforeAll(async () => {
  splunkd = await startSplunkd({
    tokens: { [TOKEN]: { user: 'admin' } },
    lookups: {
      'assets.csv': [
        { host: 'a', tier: '1' },
        { host: 'b', tier: '2' },
      ],
    },
    macros: { web: 'index=web', 'of(1)': { args: ['who'], definition: 'user="$who$"' } },
    eventTypes: { failed: 'status=5*' },
    indexedFields: ['user'],
    dataModels: {
      Web: { search: 'index=web', fields: { 'Web.status': 'status' }, summarisedUntil: 1_480_000_060 },
    },
  });
  splunkd.addEvents('web', [
    event(0, { n: '1', user: 'Bob', status: '200', rt: '1.5', tags: ['a', 'b'] }),
    event(1, { n: '2', user: 'bob', status: '500', rt: '2.5' }),
    event(2, { n: '3', user: 'alice', status: '404', rt: 'slow' }),
    event(60, { n: '4', status: '5', rt: '10', note: 'say "hi" to C:\\dir*' }),
    event(61.5, { n: '5', user: 'Ärger', status: '05', rt: '9', note: 'x' }, 100_000),
  ]);
  splunkd.addEvents('other', [event(0, { n: '9' })]);
});

afterAll(() => splunkd.stop());

async function numbers(filter: string): Promise<string> {
  const { rows, messages } = await search(splunkd, `search index=web ${filter} | sort n | fields n`);
  expect(messages).toEqual([]);
  return rows.map((row) => row.n).join(' ');
}

describe('search', () => {
  it.each([
    ['', '1 2 3 4 5'],
    ['user=bob', '1 2'],
    ['user="BOB"', '1 2'],
    ['user=b*', '1 2'],
    ['user=*', '1 2 3 5'],
    ['user=ärger', '5'],
    ['NOT user=bob', '3 4 5'],
    ['user!=bob', '3 5'],
    ['tags=a', '1'],
    ['status>=404', '2 3'],
    ['status<10', '4 5'],
    ['status=5', '4'],
    ['status IN (200, 4*)', '1 3'],
    ['NOT status IN (200, 4*)', '2 4 5'],
    ['status=200 OR status=500 user=bob', '1 2'],
    ['n=1 n=2 OR n=1', '1'],
    ['NOT n=1 OR n=2', '2 3 4 5'],
    ['(n=1 OR n=2) NOT (user=alice OR status=500)', '1'],
    ['note="say \\"hi\\" to C:\\\\dir*"', '4'],
    ['eventtype=failed', '2 4'],
    ['n = 3', '3'],
    ['"slow"', '3'],
    ['nosuchword', ''],
    ['n=1 OR no-such-word', '1'],
    ['tags=a AND n=1', '1'],
  ])('%s finds %s', async (filter, expected) => {
    expect(await numbers(filter)).toBe(expected);
  });

  it('binds OR tighter than AND, as where does not', async () => {
    expect(await numbers('n=1 OR n=2 AND n=1')).toBe('1');
    expect(await numbers('| where n=1 OR n=2 AND n=1')).toBe('1');
    expect(await numbers('n=1 OR n=2 AND n=3')).toBe('');
    expect(await numbers('| where n=1 OR n=2 AND n=3')).toBe('1');
  });

  it('takes the earliest time in and leaves the latest out', async () => {
    const { rows, job } = await search(splunkd, 'search index=web | fields n', {
      earliest_time: '1480000001',
      latest_time: '1480000060',
    });
    expect(rows.map((row) => row.n)).toEqual(['3', '2']);
    expect(job.eventCount).toBe(2);
  });

  it('says when a range in the text wins over the dispatched one', async () => {
    const { rows, messages } = await search(splunkd, 'search index=web earliest=1480000060 | fields n', {
      earliest_time: '0',
      latest_time: '1480000061',
    });
    expect(rows.map((row) => row.n)).toEqual(['4']);
    expect(messages).toEqual(['INFO Your timerange was substituted based on your search string']);
  });

  it('finds by index time', async () => {
    const { rows } = await search(splunkd, 'search index=web | fields n', { index_earliest: '1480100000' });
    expect(rows.map((row) => row.n)).toEqual(['5']);
  });

  it('answers an index that is not there with nothing, and says nothing', async () => {
    const { rows, messages, job } = await search(splunkd, 'search index=nosuch | stats count');
    expect({ rows, messages, state: job.dispatchState }).toEqual({
      rows: [{ count: '0' }],
      messages: [],
      state: 'DONE',
    });
  });
});

describe('eval', () => {
  it.each([
    ['1/3', '0.3333333333333333'],
    ['0.1+0.2', '0.30000000000000004'],
    ['pow(2,70)', '1180591620717411303424'],
    ['1/0', undefined],
    ['"a"."b". 1', 'ab1'],
    ['"5"+"6"', '56'],
    ['7%4', '3'],
    ['-floor(-1.5)', '2'],
    ['ceiling(1.2)', '2'],
    ['round(2.567,2)', '2.57'],
    ['round(-2.5)', '-3'],
    ['ln(exp(1))', '1'],
    ['log(1000)', '3'],
    ['ln(0)', undefined],
    ['md5("x")', '9dd4e461268c8034f5c8564e155c67a6'],
    ['len("Ärger😀")', '6'],
    ['substr("hello",2,3)', 'ell'],
    ['substr("hello",-3)', 'llo'],
    ['ltrim("00ab0","0")', 'ab0'],
    ['lower("ÄB")', 'äb'],
    ['tonumber("ff",16)', '255'],
    ['tonumber("1e3")', '1000'],
    ['tonumber("x")', undefined],
    ['tostring(1=1)', 'True'],
    ['if(1=1,"y","n")', 'y'],
    ['if(nosuch="a","y","n")', 'n'],
    ['case(1=2,"a",1=1,"b")', 'b'],
    ['case(1=2,"a")', undefined],
    ['coalesce(nosuch,null(),"c")', 'c'],
    ['if("b"="B","y","n")', 'n'],
    ['if(like("abc","a%"),1,0)', '1'],
    ['if(like("ABC","a%"),1,0)', '0'],
    ['if(like("a-b/c","a-%/_"),1,0)', '1'],
    ['if(match("a-b_9","^[\\w-]+$"),1,0)', '1'],
    ['if(match("a-b","\\Qa-b\\E"),1,0)', '1'],
    ['if("abc" LIKE "_bc",1,0)', '1'],
    ['if(match("a.b","^a\\.b$"),1,0)', '1'],
    ['if(match("x\\\\y","^x\\\\\\\\y$"),1,0)', '1'],
    ['if(match("AB","(?i)ab"),1,0)', '1'],
    ['replace("2026-01-02","(\\d+)-(\\d+)","\\2/\\1")', '01/2026-02'],
    ['if(in("b","a","b"),1,0)', '1'],
    ['if("b" IN ("a","b"),1,0)', '1'],
    ['if(cidrmatch("10.0.0.0/8","10.9.9.9"),1,0)', '1'],
    ['if(cidrmatch("10.0.0.0/8","11.9.9.9"),1,0)', '0'],
    ['mvcount(split("a,b,c",","))', '3'],
    ['mvindex(split("a,b,c",","),-1)', 'c'],
    ['mvjoin(mvappend("a",split("b,c",",")),"-")', 'a-b-c'],
    ['mvjoin(mvdedup(split("a,b,a",",")),"")', 'ab'],
    ['typeof(12)', 'Number'],
    ['typeof("12")', 'String'],
    ['typeof(nosuch)', 'Invalid'],
    ['if(isnull(nosuch) AND isnotnull(1),1,0)', '1'],
    ['if(isnum("12"),1,0)', '0'],
    ['1+2*3-4/2', '5'],
    ['if(NOT 1=2 AND 1=1 OR 1=2,1,0)', '1'],
  ])('%s is %s', async (expression, expected) => {
    const { rows, messages } = await search(splunkd, `| makeresults | eval x=${expression} | table x`);
    expect(messages).toEqual([]);
    expect(rows[0]?.x).toBe(expected);
  });

  it('takes a field that holds a number for a number, and filters values one by one', async () => {
    const { rows } = await search(
      splunkd,
      'search index=web n=1 | eval a=n+1, b=if(isnum(rt),1,0), c=mvfilter(match(tags,"^b")), d=mvmap(tags,tags."!"), e=mvcount(tags), f=mvcount(nosuch) | table a b c d e f',
    );
    expect(rows).toEqual([{ a: '2', b: '1', c: 'b', d: ['a!', 'b!'], e: '2' }]);
  });

  it.each([
    ['nosuch(1)', "Error in 'EvalCommand': The 'nosuch' function is unsupported or undefined."],
    ['floor(1,2)', "Error in 'EvalCommand': The arguments to the 'floor' function are invalid."],
    ['(1+2', "Error in 'EvalCommand': The expression is malformed. Expected )."],
    [
      '1=1',
      "Error in 'EvalCommand': Fields cannot be assigned a boolean result. Instead, try if([bool expr], [expr], [expr]).",
    ],
  ])('fails the job over %s, in a FATAL and an ERROR', async (expression, text) => {
    const { job, rows } = await search(splunkd, `| makeresults | eval x=${expression}`);
    expect(job).toMatchObject({ dispatchState: 'FAILED', isFailed: true, isDone: true });
    expect(job.messages).toEqual([
      { type: 'FATAL', text },
      { type: 'ERROR', text },
    ]);
    expect(rows).toEqual([]);
  });

  it.each(['if(NOT nosuch="a",1,0)', 'lower(split("a,b",","))', 'if("abc">5,1,0)'])(
    'refuses to guess at %s',
    async (expression) => {
      const { job, messages } = await search(splunkd, `| makeresults | eval x=${expression}`);
      expect(job.dispatchState).toBe('FAILED');
      expect(messages[0]).toMatch(/^FATAL fake splunkd: nobody knows here what Splunk does with /);
    },
  );
});

describe('stats', () => {
  it('counts values, not events; sums what is a number; knows no sum of nothing', async () => {
    const { rows } = await search(
      splunkd,
      'search index=web | stats count, count(tags) AS tags, count(user), dc(user) AS users, sum(rt) AS sum, avg(rt) AS mean, sumsq(rt) AS sq, min(n) AS least, max(rt) AS most, sum(nosuch) AS none, count(eval(status=500)) AS bad, values(status) AS v, earliest(n) AS e, latest(n) AS l, first(n) AS f',
    );
    expect(rows).toEqual([
      {
        ...{
          count: '5',
          tags: '2',
          'count(user)': '4',
          users: '4',
          sum: '23',
          mean: '5.75',
          sq: '189.5',
          least: '1',
        },
        ...{ most: 'slow', bad: '1', v: ['05', '200', '404', '5', '500'], e: '1', l: '5', f: '5' },
      },
    ]);
  });

  it('drops events without a key, and counts an event in each of its values', async () => {
    const { rows } = await search(splunkd, 'search index=web | stats count BY user, tags');
    expect(rows).toEqual([
      { user: 'Bob', tags: 'a', count: '1' },
      { user: 'Bob', tags: 'b', count: '1' },
    ]);
    expect((await search(splunkd, 'search index=web | stats count BY user')).rows).toHaveLength(4);
  });

  it('gives one row for nothing without BY, none with it', async () => {
    expect((await search(splunkd, 'search index=web n=77 | stats count, sum(n) AS s')).rows).toEqual([
      { count: '0' },
    ]);
    expect((await search(splunkd, 'search index=web n=77 | stats count BY n')).rows).toEqual([]);
  });

  it('wants a name for what it evaluates', async () => {
    const { messages } = await search(splunkd, 'search index=web | stats count(eval(n=1))');
    expect(messages[0]).toBe(
      "FATAL Error in 'stats' command: You must specify a rename for the aggregation specifier on the dynamically evaluated field 'count(eval(n=1))'.",
    );
  });

  it('appends what a pipe makes of the rows, with the range as dispatched', async () => {
    const { rows } = await search(
      splunkd,
      'search index=web | stats count AS n BY status | appendpipe [stats count AS rows, sum(n) AS total | addinfo] | fields - info_search_time, info_sid',
      { earliest_time: '1480000000', latest_time: '1480000100.5' },
    );
    expect(rows.at(-1)).toEqual({
      rows: '5',
      total: '5',
      info_min_time: '1480000000.000',
      info_max_time: '1480000100.500',
    });
  });
});

describe('other commands', () => {
  it.each([
    ['search index=web | sort - n | head 2 | table n', [{ n: '5' }, { n: '4' }]],
    ['search index=web | dedup user | sort n | table n', [{ n: '1' }, { n: '2' }, { n: '3' }, { n: '5' }]],
    ['search index=web n=4 | fillnull value=none user | table user', [{ user: 'none' }]],
    ['search index=web n=4 | rex field=note "say \\"(?<word>\\w+)\\"" | table word', [{ word: 'hi' }]],
    ['search index=web | regex user="^b" | table n', [{ n: '2' }]],
    ['search index=web n=4 | bin span=1m _time AS m | table m', [{ m: '1480000020' }]],
    ['search index=web n=1 | rename user AS "who is" | table "who is"', [{ 'who is': 'Bob' }]],
    ['search index=web [search index=web n=2 | fields user] | sort n | table n', [{ n: '1' }, { n: '2' }]],
    ['search `web` `of(alice)` ```a comment | head 0``` | table n', [{ n: '3' }]],
    ['| inputlookup assets.csv where tier=2', [{ host: 'b', tier: '2' }]],
    [
      '| eventcount summarize=false index=*',
      [
        { count: '1', index: 'other', server: 'fake' },
        { count: '5', index: 'web', server: 'fake' },
      ],
    ],
    [
      '| tstats count max(_indextime) AS i where index=web _index_earliest=1480100000',
      [{ count: '1', i: '1480100061' }],
    ],
    [
      '| tstats count where index=web BY user',
      [
        { user: 'Bob', count: '1' },
        { user: 'alice', count: '1' },
        { user: 'bob', count: '1' },
        { user: 'Ärger', count: '1' },
      ],
    ],
    ['| tstats count where index=web status=500', [{ count: '0' }]],
    ['| tstats count from datamodel=Web where Web.status=5', [{ count: '1' }]],
    ['| tstats summariesonly=t count from datamodel=Web', [{ count: '3' }]],
    [
      '| datamodel Web Web search strict_fields=false | search Web.status=5* | stats count BY Web.status user',
      [{ 'Web.status': '500', user: 'bob', count: '1' }],
    ],
  ])('%s', async (spl, expected) => {
    const { rows, job } = await search(splunkd, spl);
    expect(job.dispatchState).toBe('DONE');
    expect(rows).toEqual(expected);
  });

  it('cuts time into spans by tstats', async () => {
    const { rows } = await search(
      splunkd,
      '| tstats count where index=web BY _time span=1m | eval t=_time | table t count',
    );
    expect(rows).toEqual([
      { t: '1479999960', count: '3' },
      { t: '1480000020', count: '2' },
    ]);
  });

  it('refuses at the door what Splunk has not', async () => {
    await expect(search(splunkd, 'search index=web | nosuch 1')).rejects.toThrow(
      '400: {"messages":[{"type":"FATAL","text":"Unknown search command \'nosuch\'."}]}',
    );
    await expect(search(splunkd, 'index=web')).rejects.toThrow("Unknown search command 'index=web'.");
    await expect(search(splunkd, 'search `nosuch`')).rejects.toThrow(
      "The search specifies a macro 'nosuch' that cannot be found.",
    );
    await expect(search(splunkd, 'search index=web | stats count [')).rejects.toThrow('400');
  });

  it('says of a command that Splunk has, and the fake has not, whose fault it is', async () => {
    const { messages } = await search(splunkd, 'search index=web | timechart count');
    expect(messages[0]).toContain(
      "fake splunkd: nobody knows here what Splunk does with the command 'timechart'",
    );
  });

  it('tells what it leaves out, as INFO only', async () => {
    const small = await startSplunkd({ tokens: { [TOKEN]: { user: 'admin' } }, subsearchMaxout: 1 });
    small.addEvents('a', [event(0, { n: '1' }), event(1, { n: '2' })]);
    const { messages, rows } = await search(small, 'search index=a [search index=a | fields n] | table n');
    await small.stop();
    expect(messages).toEqual(['INFO Subsearch produced 2 results, truncating to maxout 1.']);
    expect(rows).toEqual([{ n: '2' }]);
  });
});

describe('JSON events', () => {
  it('become fields as Splunk extracts them', async () => {
    splunkd.addJson('json', [
      {
        _time: 1_480_000_000,
        json: {
          ok: true,
          n: 1.5,
          none: null,
          http: { status: 200 },
          tags: ['a', 'b'],
          list: [{ id: 1 }, { id: 2 }],
          empty: [],
        },
      },
    ]);
    const { rows } = await search(
      splunkd,
      "search index=json tags{}=a | eval t=mvcount('tags{}'), s='http.status'+1 | table ok n none http.status tags{} list{}.id empty t s",
    );
    expect(rows).toEqual([
      {
        ok: 'true',
        n: '1.5',
        'http.status': '200',
        'tags{}': ['a', 'b'],
        'list{}.id': ['1', '2'],
        t: '2',
        s: '201',
      },
    ]);
  });
});

describe('what nobody knows', () => {
  it.each([
    [{ searchNumericEquality: true }, 'search index=web status=5 | stats count', '2'],
    [{ evalNumericTexts: true }, 'search index=web | where status="5" | stats count', '2'],
    [{ fold: 'ascii' } as const, 'search index=web user=ärger | stats count', '0'],
    [{ digits: 15 } as const, '| makeresults | eval count=0.1+0.2 | table count', '0.3'],
    [{ numbers: 'strtod' } as const, '| makeresults | eval count=tonumber("0x1f") | table count', '31'],
    [{ notOfNull: 'true' } as const, 'search index=web | where NOT nosuch="a" | stats count', '5'],
    [{ notOfNull: 'null' } as const, 'search index=web | where NOT nosuch="a" | stats count', '0'],
  ])('can be chosen: %o', async (dialect, spl, expected) => {
    const other = await startSplunkd({ tokens: { [TOKEN]: { user: 'admin' } }, dialect });
    other.addEvents(
      'web',
      [1, 2, 3, 4, 5].map((n) =>
        event(n, { user: n === 5 ? 'Ärger' : 'x', status: ['1', '2', '3', '5', '05'][n - 1] ?? '' }),
      ),
    );
    const { rows } = await search(other, spl);
    await other.stop();
    expect(rows[0]?.count).toBe(expected);
  });
});
