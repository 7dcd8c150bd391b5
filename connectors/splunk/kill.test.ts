/** Searches don't outlive who wanted them: aborted, they are cancelled; of a dead process, the next one removes them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  event,
  events,
  NEVER,
  type Opened,
  openSplunkd,
  readSlices,
  TOKEN,
} from '../../test/fakes/splunk.ts';
import { isOrphan } from './sid.ts';

const ABORTS = 45;
const KILLS = 5;
const CHILD = fileURLToPath(new URL('../../test/fakes/splunk-child.ts', import.meta.url));

let opened: Opened;
beforeEach(async () => {
  // Each look at a job is a step further: searches take many requests, and any of them may be the last.
  opened = await openSplunkd({
    lifecycle: { steps: ['not-ready', 'QUEUED'] },
  });
  opened.splunkd.addEvents('main', [event(1), event(2)]);
});
afterEach(() => opened.close());

/** Waits until the server has got so many requests more. */
async function requests(more: number, child?: ChildProcess): Promise<void> {
  const wanted = opened.splunkd.requests.length + more;
  while (opened.splunkd.requests.length < wanted && child?.exitCode == null) await sleep(1);
}

/** Reads again and again, until it is told to stop. */
async function readOn(signal: AbortSignal): Promise<never> {
  for (;;) await readSlices(opened.connector, {}, signal);
}

describe('A search', () => {
  it(`is cancelled with the call that wanted it, in all of ${ABORTS} places`, async () => {
    await readSlices(opened.connector);
    for (let i = 0; i < ABORTS; i += 1) {
      const reason = new Error(`stop ${i}`);
      const controller = new AbortController();
      const reading = expect(readOn(controller.signal)).rejects.toBe(reason);
      await requests(i % 9);
      controller.abort(reason);
      await reading;
    }
    await opened.connector.close();
    expect(opened.splunkd.searches.length).toBeGreaterThan(ABORTS / 2);
    expect(opened.splunkd.jobs()).toEqual([]);
  });

  it(`of a process that was killed is removed by the next one: ${KILLS} times of ${KILLS}`, async () => {
    let left = 0;
    for (let i = 0; i < KILLS; i += 1) {
      const child = spawn(process.execPath, [CHILD], {
        env: { ...process.env, CLAUSE9_TEST_URL: opened.splunkd.url, CLAUSE9_TEST_TOKEN: TOKEN },
        stdio: 'ignore',
      });
      await requests(8 + i, child);
      child.kill('SIGKILL');
      await once(child, 'exit');
      // What it had sent already may still be on its way.
      await requests(0);
      left += opened.splunkd.jobs().length;
      const next = await opened.another();
      await next.probe(events(), NEVER);
      await next.close();
      expect(opened.splunkd.jobs()).toEqual([]);
    }
    expect(left).toBeGreaterThan(0);
  }, 60_000);

  it('of a process that lives, of another machine or of a person, is left alone', async () => {
    await readSlices(opened.connector);
    const [own = ''] = opened.splunkd.requests.flatMap(({ params }) => params.id ?? []);
    expect(own).toMatch(/^c9_/);
    const [, host = ''] = /^c9_([0-9a-f]{8})x/.exec(own) ?? [];
    expect(isOrphan(own)).toBe(false);
    expect(isOrphan(own.replace(host, '00000000'))).toBe(false);
    expect(isOrphan(own.replace(/x[0-9]+x/, `x${process.ppid}x`))).toBe(false);
    expect(isOrphan(own.replace(/x[0-9]+x/, 'x99999999x'))).toBe(true);
    // The same process id, of an earlier start of the machine or container.
    expect(isOrphan(own.replace(/x([0-9]+)x[0-9a-z]+_/, 'x$1xabc_'))).toBe(true);
    expect(isOrphan('1479943999.42')).toBe(false);
  });
});
