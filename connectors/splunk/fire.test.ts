/** The loop on Splunk under fire: whatever happens to a call, no wrong number is stored, and everything heals. */
import { type FireSource, provesUnderFire } from '../../test/contract/fire.ts';
import { createSource } from '../../test/contract/harness-splunk.ts';

/** A pass takes many calls; every so many of them is tried. */
const STEP = 61;

provesUnderFire('splunk', openSource, { step: STEP, deadlineMs: 2_000 });

async function openSource(): Promise<FireSource> {
  const { opened, ...source } = await createSource();
  const { hostname: host, port } = new URL(opened.splunkd.url);
  return {
    ...source,
    server: { host, port: Number(port) },
    // A request that hangs is given up before the call is.
    connect: (address) =>
      opened.another({
        url: `http://127.0.0.1:${address.port}`,
        requestTimeout: '500ms',
        searchTimeout: '5s',
      }),
  };
}
