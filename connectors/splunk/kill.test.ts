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
const KILLS = 50;
/** Killed one after the other at as many servers at a time: a start of Node is most of what a kill takes. */
const LANES = 5;
const CHILD = fileURLToPath(new URL('../../test/fakes/splunk-child.ts', import.meta.url));

let opened: Opened;
async function openLane(): Promise<Opened> {
  // Each look at a job is a step further: searches take many requests, and any of them may be the last.
  const lane = await openSplunkd({ lifecycle: { steps: ['not-ready', 'QUEUED'] } });
  lane.splunkd.addEvents('main', [event(1), event(2)]);
  return lane;
}
beforeEach(async () => {
  opened = await openLane();
});
afterEach(() => opened.close());

/** Waits until the server has got so many requests more. */
async function requests({ splunkd }: Opened, more: number, child?: ChildProcess): Promise<void> {
  const wanted = splunkd.requests.length + more;
  while (splunkd.requests.length < wanted && child?.exitCode == null) await sleep(1);
}

/** Kills a process that reads, at a request that is another one each time; returns how many searches it left. */
async function killAndGoOn(lane: Opened, turn: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD], {
    env: { ...process.env, CLAUSE9_TEST_URL: lane.splunkd.url, CLAUSE9_TEST_TOKEN: TOKEN },
    stdio: 'ignore',
  });
  await requests(lane, 8 + (turn % 25), child);
  child.kill('SIGKILL');
  const [code, signal] = await once(child, 'exit');
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  // What it had sent already may still be on its way.
  await sleep(1);
  const left = lane.splunkd.jobs().length;
  const next = await lane.another();
  await next.probe(events(), NEVER);
  await next.close();
  expect(lane.splunkd.jobs()).toEqual([]);
  return left;
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
      await requests(opened, i % 9);
      controller.abort(reason);
      await reading;
    }
    await opened.connector.close();
    expect(opened.splunkd.searches.length).toBeGreaterThan(ABORTS / 2);
    expect(opened.splunkd.jobs()).toEqual([]);
  });

  it(`of a process that was killed is removed by the next one: ${KILLS} times of ${KILLS}`, async () => {
    const lanes = await Promise.all(Array.from({ length: LANES }, () => openLane()));
    const left = await Promise.all(
      lanes.map(async (lane, first) => {
        let jobs = 0;
        for (let i = first; i < KILLS; i += LANES) jobs += await killAndGoOn(lane, i);
        return jobs;
      }),
    );
    await Promise.all(lanes.map((lane) => lane.close()));
    // Most died with a search under way.
    expect(left.reduce((sum, jobs) => sum + jobs, 0)).toBeGreaterThan(KILLS / 2);
  }, 120_000);

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
