import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { fakeControl, fakeReadModel } from '../../../test/fakes/read-model.ts';
import type { ReadModel } from '../../app/read-model.ts';
import { StoreError } from '../../core/errors.ts';
import { createServer, type ServerDeps } from '../server.ts';

const logger = pino({ level: 'silent' });

async function api(deps: Partial<ServerDeps> = {}): Promise<FastifyInstance> {
  return (await createServer({ read: fakeReadModel(), control: fakeControl(), logger, ...deps })).api;
}

const get = async (url: string, deps: Partial<ServerDeps> = {}) => {
  const response = await (await api(deps)).inject({ url });
  return { status: response.statusCode, body: response.json(), headers: response.headers };
};

describe('the list of KPIs', () => {
  it('shows each with verdict, newest result, target, benchmarks and age, what needs a decision first', async () => {
    const { status, body } = await get('/api/v1/kpis');
    expect(status).toBe(200);
    expect(body.kpis.find((row: { id: string }) => row.id === 'failed-logon-ratio')).toMatchObject({
      id: 'failed-logon-ratio',
      verdict: 'off-target',
      reason: null,
      groups: 4,
    });
    expect(body.kpis.at(-1)).toMatchObject({ configured: false, newest: null, target: null, ageMs: null });
  });

  it('says why a verdict is unknown, as a word for machines and a sentence for people', async () => {
    const { body } = await get('/api/v1/kpis/backlog');
    expect(body).toMatchObject({
      verdict: 'unknown',
      reason: 'missing',
      owner: 'soc-lead',
      configured: true,
    });
    expect(body.sentence).toMatch(/one of its servers/);
    expect(body.newest.value).toBeNull();
  });
});

describe('one KPI', () => {
  it('has its groups, worst first, each with its own target, and its definition', async () => {
    const { body } = await get('/api/v1/kpis/failed-logon-ratio');
    expect(body.groupResults[0]).toMatchObject({
      verdict: 'off-target',
      result: { group: { 'user.domain': 'CORP' } },
    });
    const admin = body.groupResults.find(
      (row: { result: { group: Record<string, string> } }) => row.result.group['user.domain'] === 'ADMIN',
    );
    expect(admin.target.onTarget).toEqual({ op: '<=', limit: 1 });
    expect(body.definition.formula).toBe('100.0 * failed / all');
  });

  it('is a 404 with a sentence where there is none', async () => {
    const { status, body } = await get('/api/v1/kpis/nothing');
    expect(status).toBe(404);
    expect(body).toEqual({
      error: 'Not Found',
      message: 'There is no KPI ‘nothing’.',
      help: 'GET /api/v1/kpis lists them.',
    });
  });
});

describe('results', () => {
  const march = '/api/v1/kpis/sla-attainment/results?from=2016-03-01&to=2016-04-01';

  it('are rows of exactly the documented keys', async () => {
    const { body } = await get(march);
    expect(Object.keys(body.results[0])).toEqual(
      'kpi group start end value lower upper sample undecided quality verdict reason final asOf supersedes measurementHash evaluationHash'.split(
        ' ',
      ),
    );
    expect(body.results).toHaveLength(1);
    expect(body.results[0]).toMatchObject({ start: '2016-03-01T00:00:00Z', value: 42.53, final: true });
    expect(body.next).toBeNull();
  });

  it.each(['asOf', 'as-of'])('are what was known then with %s', async (parameter) => {
    const { body } = await get(`${march}&${parameter}=2016-04-01T00:00:00Z`);
    expect(body.results[0]).toMatchObject({
      value: 53.1,
      lower: 31,
      upper: 53.11,
      final: false,
      supersedes: null,
    });
  });

  it('narrow to a group, or to the KPI’s own', async () => {
    const path = '/api/v1/kpis/failed-logon-ratio/results?limit=1000&from=2016-06-02T05:00:00Z';
    expect((await get(path)).body.results).toHaveLength(5);
    const admin = await get(`${path}&group=${encodeURIComponent('user.domain=ADMIN')}`);
    expect(admin.body.results.map((row: { group: unknown }) => row.group)).toEqual([
      { 'user.domain': 'ADMIN' },
    ]);
    expect((await get(`${path}&group=total`)).body.results[0].group).toBeNull();
  });

  it('come in pages that together are the whole, also where a page ends amid a window’s groups', async () => {
    const app = await api();
    const whole = (await app.inject('/api/v1/kpis/failed-logon-ratio/results?limit=1000')).json().results;
    const rows: unknown[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const page = (await app.inject(`/api/v1/kpis/failed-logon-ratio/results?limit=7${cursor}`)).json();
      rows.push(...page.results);
      next = page.next;
    }
    expect(rows).toEqual(whole);
    expect(whole).toHaveLength(48 * 5);
  });

  it.each([
    ['limit=1001', 'limit'],
    ['limit=0', 'limit'],
    ['from=yesterday', 'from: write an instant'],
    ['from=2016-02-30', 'from'],
    ['from=2016-04-01T00:00:00', 'from'],
    ['group=ADMIN', 'field=value'],
    ['cursor=xyz', 'cursor'],
  ])('refuse %s with a sentence', async (parameter, words) => {
    const { status, body } = await get(`/api/v1/kpis/sla-attainment/results?${parameter}`);
    expect(status).toBe(400);
    expect(body.message).toContain(words);
    expect(Object.keys(body)).toEqual(['error', 'message', 'help']);
  });
});

describe('explain', () => {
  const path = '/api/v1/kpis/sla-attainment/explain';

  it('derives the newest number, a window by its start, or a window by both ends', async () => {
    expect((await get(path)).body.result.start).toBe('2016-05-01T00:00:00Z');
    for (const window of ['2016-03-01', '2016-03-01/2016-04-01T00:00:00Z']) {
      const { body } = await get(`${path}?window=${window}`);
      expect(body.result.value).toBe(42.53);
      expect(body.tree.children[0]).toMatchObject({ label: 'formula', value: '100.0 * attained' });
    }
  });

  it('derives what was known then, and says where nothing was', async () => {
    expect((await get(`${path}?window=2016-03-01&as-of=2016-04-01`)).body.result.value).toBe(53.1);
    const early = await get(`${path}?window=2016-03-01&as-of=2016-03-31`);
    expect(early.status).toBe(404);
    expect(early.body.message).toContain('known then');
  });

  it.each(['march', '2016-04-01/2016-03-01', '2016-03-01/'])('refuses the window %s', async (window) => {
    expect((await get(`${path}?window=${window}`)).status).toBe(400);
  });
});

describe('a reload', () => {
  const reload = async (
    deps: Partial<ServerDeps>,
    headers: Record<string, string> = { 'x-clause9': 'reload' },
  ) => (await api(deps)).inject({ method: 'POST', url: '/-/reload', headers });

  it('answers 200, and with a bad set 422 and its problems', async () => {
    expect((await reload({})).statusCode).toBe(200);
    const bad = await reload({ control: fakeControl({}, ['sla.yaml:3:1: unknown key']) });
    expect(bad.statusCode).toBe(422);
    expect(bad.json()).toEqual({ ok: false, problems: ['sla.yaml:3:1: unknown key'] });
  });

  it('is refused without its header, which another site’s page can’t send', async () => {
    const control = fakeControl();
    const response = await reload(
      { control },
      { 'content-type': 'text/plain', origin: 'https://evil.example' },
    );
    expect(response.statusCode).toBe(403);
    expect(response.json().help).toContain('X-Clause9: reload');
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
    expect(control.reloads).toBe(0);
  });
});

describe('health', () => {
  it('tells alive from ready', async () => {
    const control = fakeControl({ ready: false, waitingFor: 'the first reading of definitions' });
    expect((await get('/healthz', { control })).status).toBe(200);
    const ready = await get('/readyz', { control });
    expect(ready).toMatchObject({ status: 503, body: { waitingFor: 'the first reading of definitions' } });
    expect((await get('/readyz')).body).toEqual({ status: 'ready' });
  });
});

describe('whatever happens', () => {
  const broken = (error: Error): Partial<ServerDeps> => {
    const read: ReadModel = { ...fakeReadModel(), kpis: () => Promise.reject(error) };
    return { read };
  };

  it('an error shows no stack and no inner message', async () => {
    const { status, body } = await get(
      '/api/v1/kpis',
      broken(new TypeError('x.y is undefined at /srv/app.js:1')),
    );
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toMatch(/undefined|srv|stack/);
  });

  it('an error of our own says what to do', async () => {
    const error = new StoreError('The store is locked.', { help: 'Stop the other clause9.' });
    expect((await get('/api/v1/kpis', broken(error))).body).toEqual({
      error: 'Internal Server Error',
      message: 'The store is locked.',
      help: 'Stop the other clause9.',
    });
  });

  it('unknown paths and unreadable ones are JSON errors under /api', async () => {
    expect((await get('/api/nothing')).body).toMatchObject({ error: 'Not Found' });
    const unreadable = await get('/api/v1/kpis/%E0%A4%A');
    expect(unreadable.status).toBe(400);
    expect(Object.keys(unreadable.body)).toEqual(['error', 'message']);
  });

  it('the rate limit covers every route, and paths that are none', async () => {
    for (const path of [
      '/api/v1/kpis',
      '/healthz',
      '/docs/json',
      '/docs/static/swagger-ui.css',
      '/nothing',
      '/api/x',
    ]) {
      const app = await api({ requestsPerMinute: 2 });
      await app.inject(path);
      await app.inject(path);
      const third = await app.inject(path);
      expect([path, third.statusCode]).toEqual([path, 429]);
      expect(third.json()).toMatchObject({ error: 'Too Many Requests', help: 'Try again in 1 minute.' });
    }
  });

  it('every answer forbids scripts, styles and frames from elsewhere', async () => {
    const { headers } = await get('/api/v1/kpis');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('the description', () => {
  it('is OpenAPI with every route, its parameters and answers', async () => {
    const { body } = await get('/docs/json');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/-/reload',
      '/api/v1/kpis',
      '/api/v1/kpis/{id}',
      '/api/v1/kpis/{id}/explain',
      '/api/v1/kpis/{id}/results',
      '/healthz',
      '/readyz',
    ]);
    const results = body.paths['/api/v1/kpis/{id}/results'].get;
    expect(results.parameters.map((parameter: { name: string }) => parameter.name)).toContain('as-of');
    expect(results.responses['200'].content['application/json'].schema.properties.results.type).toBe('array');
  });

  it('has a page that may run its own scripts and nothing else', async () => {
    const response = await (await api()).inject('/docs/');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-security-policy']).toContain("script-src 'self';");
  });
});
