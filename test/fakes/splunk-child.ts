/** A process that reads slices from the splunkd at CLAUSE9_TEST_URL until it is killed. */
import { splunk } from '../../connectors/splunk/index.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import { readSlices } from './asking.ts';
import { eventsDataset } from './datasets.ts';

const options = { url: process.env.CLAUSE9_TEST_URL, auth: { token: { env: 'CLAUSE9_TEST_TOKEN' } } };
const connector = await splunk.open({ name: 'siem', type: 'splunk', maxConcurrentSearches: 2, options }, '/');
const dataset = eventsDataset({ time: '_time', ingested: '_indextime', options: { index: 'main' } });
const start = Date.UTC(2026, 0, 1);
const asked = {
  dataset,
  types: { 'event.action': 'text' },
  range: { start, end: start + 4 * HOUR },
} as const;
for (;;) await readSlices(connector, asked);
