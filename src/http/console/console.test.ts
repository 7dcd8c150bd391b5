import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { fakeDefinition, fakeResult, fakeTarget } from '../../../test/fakes/kpi.ts';
import type { FakeKpi } from '../../../test/fakes/kpi-data.ts';
import { FAKE_HEALTH, fakeControl, fakeReadModel } from '../../../test/fakes/read-model.ts';
import { createServer, type ServerDeps } from '../server.ts';
import { STYLES_PATH } from './layout.ts';

async function page(url: string, deps: Partial<ServerDeps> = {}, accept = 'text/html') {
  const logger = pino({ level: 'silent' });
  const { api } = await createServer({ read: fakeReadModel(), control: fakeControl(), logger, ...deps });
  const response = await api.inject({ url, headers: { accept } });
  // Spaces that don't break are for browsers; words are for these tests.
  const html = response.body.replaceAll('\u00a0', ' ');
  return {
    status: response.statusCode,
    headers: response.headers,
    html,
    text: html.replace(/<[^>]*>/g, ' '),
  };
}

const heading = (html: string): string => /<h1[^>]*>(.*?)<\/h1>/.exec(html)?.[1] ?? '';
const count = (html: string, text: string): number => html.split(text).length - 1;
/** The drawing for wide screens. */
const chartOf = (html: string): string => /<svg class="chart chart-wide".*?<\/svg>/s.exec(html)?.[0] ?? '';

describe('the first page', () => {
  it('says at its head how many KPIs need a decision', async () => {
    expect(heading((await page('/')).html)).toBe('8 of 12 KPIs need a decision');
  });

  it('puts what needs a decision first, headline KPIs before others, and those not configured last', async () => {
    const { html } = await page('/');
    const order = [
      'failed-logon-ratio',
      'sla-attainment',
      'backlog',
      'phishing-report-rate',
      'median-time-to-resolve',
      'privileged-accounts',
      'supplier-reviews',
    ];
    const places = order.map((id) => html.indexOf(`href="/kpis/${id}"`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(html).toContain('the configuration has no dataset ‘suppliers’');
  });

  it('says on top which source does not answer, and how far catching up is', async () => {
    const { text } = await page('/');
    expect(text).toContain('The source ‘prod-splunk’ does not answer.');
    expect(text).toContain('one of its servers didn’t answer');
    expect(text).toMatch(
      /‘authentication’ is not all read yet: 3 slices to go\..*the rest follows, newest first\./,
    );
    expect(text).not.toContain('‘mail’ is not');
    const calm = { ...FAKE_HEALTH, sources: [], datasets: [] };
    expect((await page('/', { control: fakeControl(calm) })).html).not.toContain('role="status"');
  });

  it('says a verdict by symbol, word and colour, and why it is unknown as a sentence', async () => {
    const { html } = await page('/');
    expect(html).toMatch(
      /<span class="verdict off-target"><svg[^>]*aria-hidden="true">.*?<\/svg>Off target<\/span>/,
    );
    expect(html).toContain('<span class="why">Splunk answered, but one of its servers didn’t');
  });

  it('leads from every number to its derivation, and shows no number that can’t be trusted', async () => {
    const { html } = await page('/');
    expect(html).toMatch(
      /href="\/kpis\/sla-attainment\?window=2016-05-01T[^"]*#derivation" class="value"[^>]*>51.70 %</,
    );
    expect(html).toMatch(/href="\/kpis\/stale-feed\?[^"]*" class="value">not known</);
    expect(html).not.toContain('>1,280');
  });

  it('shows a provisional value with its bounds, the target and the benchmark', async () => {
    const { text } = await page('/');
    expect(text).toMatch(/51\.70 %\s+provisional\s+36\.20 to 51\.98/);
    expect(text).toMatch(/at least 50 %\s+previous month: 46\.10 %\s+industry 2015, class C: 80\.00 %/);
  });
});

describe('the sentence at the head of a KPI’s page', () => {
  it.each([
    [
      'failed-logon-ratio',
      'Share of interactive logons that fail: 9.20 % in the 24 hours to 2 Jun 2016, 06:00 UTC, off target: it should be at most 5 %',
    ],
    [
      'sla-attainment',
      'Share of incidents resolved within their SLA: 51.70 % so far in May 2016 (36.20 to 51.98), and not yet decided against its target of at least 50 %',
    ],
    ['privileged-accounts', 'Domain administrators: 4 accounts in May 2016, on target (3 to 5 accounts)'],
    [
      'phishing-report-rate',
      'Share of simulated phishing mails that are reported: 65.40 % in May 2016, at risk: the target is at least 70 %',
    ],
    ['backlog', 'Incidents open at the month’s end: unknown in May 2016'],
    ['bytes-archived', 'Log volume archived: 1.49T bytes in May 2016, with no target in force'],
    ['new-kpi', 'Just loaded, nothing measured yet: not measured yet'],
    ['kev-exposure', 'Hosts with a known exploited vulnerability: not configured'],
  ])('of %s', async (id, sentence) => {
    const { html } = await page(`/kpis/${id}`);
    expect(heading(html)).toBe(sentence);
    expect(html).toContain(`<title>${sentence} · clause9</title>`);
  });
});

describe('a KPI’s page', () => {
  it('draws first-reported and final values, whiskers of provisional ones, a gap, bands and benchmarks', async () => {
    const chart = chartOf((await page('/kpis/sla-attainment')).html);
    expect(count(chart, 'class="final"')).toBe(9);
    expect(count(chart, 'class="provisional"')).toBe(2);
    expect(count(chart, 'class="first"')).toBe(10);
    expect(count(chart, 'class="revision"')).toBe(10);
    expect(count(chart, 'class="whisker"')).toBe(2);
    expect(count(chart, 'class="gap-band"')).toBe(1);
    expect(count(chart, 'class="band-on"')).toBe(2);
    expect(count(chart, 'class="benchmark"')).toBe(2);
    expect(chart).toContain('March 2016: 42.53 %, final; first reported 53.10 % (31.00 to 53.11)');
  });

  it('breaks the line at what is unknown', async () => {
    const chart = chartOf((await page('/kpis/sla-attainment')).html);
    const line = /class="series" d="([^"]*)"/.exec(chart)?.[1] ?? '';
    expect(count(line, 'M')).toBe(2);
  });

  it('lists its windows with what was first reported, and both lead to their derivation', async () => {
    const { html } = await page('/kpis/sla-attainment');
    expect(html).toContain('as-of=2016-04-01T00%3A00%3A00Z#derivation">53.10 %</a>');
    expect(html).toMatch(/<th scope="row">March 2016<\/th>/);
  });

  it('shows its groups, worst first, each with its own target and page', async () => {
    const { html, text } = await page('/kpis/failed-logon-ratio');
    expect(html.indexOf('user.domain = CORP')).toBeLessThan(html.indexOf('user.domain = (none)'));
    expect(text).toMatch(/user\.domain = ADMIN\s+1\.40 %\s+at most 1 %/);
    const group = await page('/kpis/failed-logon-ratio?group=user.domain%3DADMIN');
    expect(heading(group.html)).toContain('(user.domain = ADMIN): 1.40 %');
    expect((await page('/kpis/failed-logon-ratio?group=user.domain%3DNOWHERE')).status).toBe(404);
  });

  it('says in words what it measures', async () => {
    const { text } = await page('/kpis/sla-attainment');
    expect(text).toMatch(
      /attained\s*: share of records with made_sla = &quot;true&quot; in incidents, closed in the window; settled once state = Closed/,
    );
    expect(text).toContain('from 1 Jan 2015 to 31 Dec 2015: at least 55 %, at risk: at least 45 %');
    expect(text).toContain('owner: service-desk-lead');
    expect(text).toContain('objective OBJ-2, policy POL-INC 4.1');
  });

  it('derives the window that was asked for, as known then', async () => {
    const { html, text } = await page('/kpis/sla-attainment?window=2016-03-01&as-of=2016-04-01');
    expect(text).toContain('How the value in March 2016 came about, as known on 1 Apr 2016, 00:00 UTC');
    expect(text).toContain('It was 53.1.');
    expect(html).toContain('<tr class="chosen"><th scope="row">March 2016</th>');
    expect(html).toContain('href="/api/v1/kpis/sla-attainment/explain?window=2016-03-01T');
    const early = await page('/kpis/sla-attainment?window=2016-03-01&as-of=2016-03-15');
    expect(early.text).toContain('Nothing was known of this window on 15 Mar 2016');
  });

  it('leads from each measure to the source’s own pages, and tells these nothing of where the reader came from', async () => {
    const { html, text } = await page('/kpis/sla-attainment');
    const href = 'href="https://siem.example/?q=&quot;a&quot;&amp;b=c" rel="noopener noreferrer"';
    expect(text).toContain('What was measured, in the source’s own pages:  attained');
    expect(count(html, href)).toBe(2);
    expect(html).toContain('>in the pages of &lt;prod></a>');
    expect(html).not.toContain('href="javascript:');
  });

  it('takes texts as texts, and a runbook that is no web address not as a link', async () => {
    const definition = fakeDefinition({
      id: 'x',
      title: '<script>alert(1)</script>',
      runbook: 'javascript:alert(1)',
      targets: [fakeTarget({ op: '>=', limit: 1 }, null)],
    });
    const kpi: FakeKpi = { definition, windows: [[fakeResult({ kpi: 'x', start: 0, end: 1000, value: 2 })]] };
    const { html } = await page('/kpis/x', { read: fakeReadModel([kpi]) });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script>');
    expect(html).not.toContain('href="javascript:');
  });
});

describe('every page', () => {
  const pages = ['/', '/kpis/sla-attainment', '/kpis/kev-exposure', '/kpis/nothing', '/nothing'];

  it.each(pages)(
    '%s has a title, one h1, a caption for each table, and no script or inline style',
    async (url) => {
      const { html } = await page(url);
      expect(html).toMatch(/^<!doctype html><html lang="en">/);
      expect(count(html, '<h1')).toBe(1);
      expect(count(html, '<table')).toBe(count(html, '<caption'));
      expect(html).not.toMatch(/<script|<style|\sstyle="|\son\w+="/);
      expect(count(html, 'role="img"')).toBe((html.match(/role="img"[^>]*><title/g) ?? []).length);
    },
  );

  it('may use its own style sheet and nothing else, which browsers keep', async () => {
    const { html, headers } = await page('/');
    expect(html).toContain(`<link rel="stylesheet" href="${STYLES_PATH}"`);
    expect(headers['content-security-policy']).toContain("style-src 'self'");
    expect(headers['content-security-policy']).not.toContain('script-src');
    expect(headers['cache-control']).toBe('no-cache');
    const styles = await page(STYLES_PATH);
    expect(styles.headers['cache-control']).toContain('immutable');
    expect(styles.headers['content-type']).toContain('text/css');
  });

  it('says that a reload was refused, and why', async () => {
    const control = fakeControl({
      lastReload: { at: 0, ok: false, problems: ['sla.yaml:3:1: unknown key'] },
    });
    expect((await page('/', { control })).text).toContain('sla.yaml:3:1: unknown key');
  });

  it('is an error page for a browser and data for a program', async () => {
    const { status, html, headers } = await page('/kpis/nothing');
    expect(status).toBe(404);
    expect(headers['content-type']).toContain('text/html');
    expect(heading(html)).toBe('There is no KPI ‘nothing’.');
    expect((await page('/kpis/x?window=yesterday')).status).toBe(400);
    const data = await page('/kpis/nothing', {}, 'application/json');
    expect(JSON.parse(data.html)).toMatchObject({ error: 'Not Found' });
  });
});
