/** The console in a real browser: it fits a phone, in light and dark, and breaks no rule of its security policy. */
import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type Server } from '../../src/http/server.ts';
import { fakeControl, fakeReadModel } from '../fakes/read-model.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const leftOut = !existsSync(executablePath) && process.env.CI === undefined;
const why = leftOut
  ? ` (left out: there is no ${executablePath}; apt install chromium, or set CHROMIUM)`
  : '';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const PAGES = [
  '/',
  '/kpis/sla-attainment?window=2016-03-01&as-of=2016-04-01',
  '/kpis/failed-logon-ratio',
  '/kpis/median-time-to-resolve',
  '/kpis/privileged-accounts',
  '/kpis/updates-per-incident',
  '/kpis/backlog',
  '/kpis/bytes-archived',
  '/kpis/new-kpi',
  '/kpis/kev-exposure',
];

describe.skipIf(leftOut)(`the console in Chromium${why}`, () => {
  let browser: Browser;
  let server: Server;
  let base: string;

  beforeAll(async () => {
    const logger = pino({ level: 'silent' });
    server = await createServer({ read: fakeReadModel(), control: fakeControl(), logger });
    base = await server.api.listen({ host: '127.0.0.1', port: 0 });
    browser = await chromium.launch({ executablePath, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all([server?.api.close(), server?.metrics.close()]);
  });

  /** What the browser complains about, and by how many pixels the page scrolls sideways. */
  async function visit(path: string, width: number, colorScheme: 'light' | 'dark') {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    await page.goto(base + path);
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    const look = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    const charts = await page.locator('svg.chart:visible').count();
    await context.close();
    return { complaints, overflow, look, charts };
  }

  it.each(PAGES)('%s fits a phone and a desk, without a complaint', async (path) => {
    for (const width of [390, 1280]) {
      const { complaints, overflow, charts } = await visit(path, width, 'light');
      expect({ width, complaints, overflow }).toEqual({ width, complaints: [], overflow: 0 });
      expect(charts).toBeLessThanOrEqual(1);
    }
  });

  it('is light or dark as the reader’s system is', async () => {
    const [light, dark] = [await visit('/', 390, 'light'), await visit('/', 390, 'dark')];
    expect(light.look).toBe('rgb(255, 255, 255)');
    expect(dark).toMatchObject({ look: 'rgb(20, 23, 26)', complaints: [], overflow: 0 });
  });

  it('draws the chart once, in the size that fits', async () => {
    for (const width of [390, 1280])
      expect((await visit('/kpis/sla-attainment', width, 'light')).charts).toBe(1);
  });

  it('opens a derivation’s branches without a script', async () => {
    const page = await browser.newPage();
    await page.goto(`${base}/kpis/sla-attainment`);
    const branch = page.locator('.tree details').first();
    await branch.locator('summary').first().click();
    expect(await branch.getAttribute('open')).toBeNull();
    await page.close();
  });

  it('shows the API’s description by local files alone', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith('data:'))
        complaints.push(request.url());
    });
    await page.goto(`${base}/docs`, { waitUntil: 'networkidle' });
    await page.getByText('/api/v1/kpis/{id}/results').first().waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });
});
