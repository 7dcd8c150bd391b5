/** A process that reads slices from the splunkd at CLAUSE9_TEST_URL until it is killed. */
import { splunk } from '../../connectors/splunk/index.ts';
import { events, readSlices } from './splunk.ts';

const connector = await splunk.open(
  {
    name: 'siem',
    type: 'splunk',
    maxConcurrentSearches: 2,
    options: { url: process.env.CLAUSE9_TEST_URL, auth: { token: { env: 'CLAUSE9_TEST_TOKEN' } } },
  },
  '/',
);
for (;;) await readSlices(connector, { dataset: events() });
