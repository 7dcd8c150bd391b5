/** The loop on Splunk under fire: whatever happens to a call, no wrong number is stored, and everything heals. */
import { type FireSource, provesUnderFire } from '../../test/contract/fire.ts';
import { createSource, SPL } from '../../test/contract/harness-splunk.ts';

provesUnderFire('splunk', openSource, {
  alone: 'the first and the last call of each kind',
  deadlineMs: 2_000,
});

async function openSource(): Promise<FireSource> {
  const { opened, ...source } = await createSource();
  const { hostname: host, port } = new URL(opened.splunkd.url);
  return {
    ...source,
    native: SPL,
    server: { host, port: Number(port) },
    // A request that hangs is given up before the call is.
    connect: ({ port }) =>
      opened.another({ url: `http://127.0.0.1:${port}`, requestTimeout: '1s', searchTimeout: '5s' }),
  };
}
