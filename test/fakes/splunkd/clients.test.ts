/**
 * Clients that we did not write drive the fake as they drive a Splunk: the JavaScript SDK, and Python's splunklib (which
 * pip installs once, below node_modules).
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Splunkd, type SplunkdOptions, startSplunkd } from './index.ts';
import { pythonEnvironment, pythonPackage } from './pip.ts';

let splunkd: Splunkd;

async function start(options: SplunkdOptions = {}): Promise<URL> {
  splunkd = await startSplunkd({
    lifecycle: { steps: ['not-ready', 'QUEUED', 'PARSING', 'RUNNING', 'FINALIZING'] },
    ...options,
  });
  splunkd.addEvents(
    'web',
    Array.from({ length: 10 }, (_, at) => ({
      _time: 1_480_000_000 + at * 60,
      fields: { n: String(at), user: at % 3 === 0 ? 'a' : 'b' },
    })),
  );
  return new URL(splunkd.url);
}

afterEach(() => splunkd.stop());

describe('the JavaScript SDK', () => {
  it.each([
    ['9.3.1', '/services/search/v2/jobs'],
    ['8.2.0', '/services/search/jobs'],
  ])('of a server %s: logs in, creates, follows, reads and cancels', async (version, path) => {
    const { port } = await start({ version });
    const sdk = createRequire(import.meta.url)('splunk-sdk');
    const service = new sdk.Service({
      scheme: 'http',
      host: '127.0.0.1',
      port,
      username: 'admin',
      password: 'changeme',
    });
    expect(await service.login()).toBeTruthy();
    const job = await service.search('search index=web | stats count BY user', {
      earliest_time: '1480000000',
      latest_time: '1480000600',
    });
    await new Promise((resolve, reject) => {
      job.track({ period: 5 }, { done: resolve, failed: reject, error: reject });
    });
    expect(job.properties()).toMatchObject({
      dispatchState: 'DONE',
      isDone: true,
      resultCount: 2,
      eventCount: 10,
    });
    const [rows] = await job.results({ output_mode: 'json_rows', count: 0 });
    expect(rows).toMatchObject({
      fields: ['user', 'count'],
      rows: [
        ['a', '4'],
        ['b', '6'],
      ],
    });
    expect((await job.results({ output_mode: 'json', count: 1 }))[0]).toMatchObject({
      preview: false,
      results: [{ user: 'a', count: '4' }],
    });
    expect(splunkd.jobs().map(({ sid }) => sid)).toEqual([job.sid]);
    await job.cancel();
    expect(splunkd.jobs()).toEqual([]);
    const paths = splunkd.requests.map((request) => request.path.replace(/\/+$/, ''));
    expect(paths).toContain(path);
    expect(paths.slice(0, 2)).toEqual(['/services/auth/login', '/services/server/info']);
  });

  it('is told of an unknown command and of a wrong password', async () => {
    const { port } = await start();
    const sdk = createRequire(import.meta.url)('splunk-sdk');
    const options = { scheme: 'http', host: '127.0.0.1', port, username: 'admin' };
    const service = new sdk.Service({ ...options, password: 'changeme' });
    await expect(service.search('search index=web | nosuch')).rejects.toMatchObject({
      status: 400,
      data: { messages: [{ type: 'FATAL', text: "Unknown search command 'nosuch'." }] },
    });
    await expect(new sdk.Service({ ...options, password: 'no' }).login()).rejects.toBeTruthy();
  });
});

const library = pythonPackage('splunk-sdk==2.1.1');

async function python(url: URL, app: string): Promise<Record<string, unknown>> {
  const script = join(import.meta.dirname, 'drive.py');
  const child = spawn('python3', [script, url.protocol.slice(0, -1), url.hostname, url.port, app], {
    env: pythonEnvironment(library),
  });
  let out = '';
  let complaint = '';
  child.stdout.on('data', (data) => {
    out += String(data);
  });
  child.stderr.on('data', (data) => {
    complaint += String(data);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(complaint);
  return JSON.parse(out);
}

describe.skipIf(library === null)("Python's splunklib (left out without python3 and pip)", () => {
  it.each([
    ['', false],
    ['search', false],
    ['', true],
  ])('with app "%s", over TLS: %s: reads the whole course of a search as it is', async (app, tls) => {
    const url = await start({ tls });
    expect(await python(url, app)).toEqual({
      version: '9.3.1',
      looks: expect.any(Number),
      count: '2',
      events: '10',
      state: 'DONE',
      rows: [
        { user: 'a', count: '4' },
        { user: 'b', count: '6' },
      ],
      oneshot: [{ n: '9' }],
      listed: true,
      indexes: ['web'],
      refusal: ['HTTPError', 400, expect.stringContaining("Unknown search command 'nosuch'.")],
    });
    expect(splunkd.jobs()).toEqual([]);
    const states = splunkd.requests.filter(
      (request) => /\/jobs\/[^/]+$/.test(request.path) && request.method === 'GET',
    );
    expect(states.length).toBeGreaterThan(4);
  });
});
