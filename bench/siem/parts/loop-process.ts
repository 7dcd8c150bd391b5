/** The process of `startLoop`: the loop as `clause9 run` and `serve` have it, but told what time it is. Ends when its parent does. */

// Built or not: told by the parent, as its own types say.
const [, , configPath = '', loadFile = '', wiringFile = ''] = process.argv;
const { loadSet }: typeof import('../../../src/load.ts') = await import(loadFile);
const { createLogger, openLoop, openStore }: typeof import('../../../src/wiring.ts') = await import(
  wiringFile
);

const set = await loadSet(configPath);
const store = await openStore(set.config);
let now = 0;
const open = openLoop(set, { store, clock: { now: () => now }, log: createLogger('warn', 'stderr') });

process.on('message', async (clock) => {
  now = Number(clock);
  const from = { wall: performance.now(), cpu: cpuMs() };
  const { results, missingSlices } = await open.loop.pass({ signal: new AbortController().signal });
  process.send?.({
    wallMs: performance.now() - from.wall,
    cpuMs: cpuMs() - from.cpu,
    residentMb: process.memoryUsage.rss() / 2 ** 20,
    peakMb: process.resourceUsage().maxRSS / 2 ** 10,
    results,
    missingSlices,
  });
});
process.on('disconnect', async () => {
  await open.close();
  await store.close();
});
process.send?.('ready');

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
