/**
 * What Splunk's messages say of a search's answer. Their severity does not tell: an answer cut off by a time limit is
 * announced at level INFO. So each text is known, or the answer is not certified.
 *
 * - `benign`: nothing about the answer
 * - `partial`: something was left out, and will be the next time
 * - `again`: something was left out or refused for now
 * - `less`: too much was asked at once
 * - `refused`: as long as nobody changes anything
 */
import type { SplunkMessage } from './answer.ts';

export type MessageClass = 'benign' | 'partial' | 'again' | 'less' | 'refused' | 'unknown';

/** The first that fits decides. Texts are those of Splunk's messages.conf, 8.2 to 10.2. */
const TABLE: readonly (readonly [RegExp, MessageClass])[] = [
  // Cut off while it ran.
  [/auto-finalized (?:after|because)|Search auto-finalized/i, 'less'],
  [/^Search finalized/i, 'again'],
  [/terminated by workload rule|WLM-DENIED/i, 'less'],
  [/out of memory condition|forcefully terminated because its|memory usage threshold/i, 'less'],
  [/maximum in-memory consumption limit/i, 'less'],
  [
    /output will be truncated|results? (?:is|are|were) truncated|truncating to maxout|truncated to maximum/i,
    'less',
  ],
  [/Timed out \(\d+ secs?\) while waiting for subsearch/i, 'less'],
  [/The search job terminated unexpectedly|has been cancelled|search was cancell?ed/i, 'again'],

  // Peers and buckets.
  [/might be incomplete or incorrect/i, 'partial'],
  [
    /(?:might|may) be incomplete|Results will be incomplete|returned partial results|cause partial results/i,
    'again',
  ],
  [/Timed out waiting for peer|ended prematurely|Reading error while waiting for peer/i, 'again'],
  [/Unable to distribute to peer|quarantined|was disconnected because it was too slow/i, 'again'],
  [/Rate limit error returned by the peer|has failed because some peers|failed due to err=/i, 'again'],
  [/might not be fully searchable|Bucket repairs are currently in progress|temporarily unstable/i, 'again'],
  [/Successfully resumed search on|has recovered from premature search termination/i, 'benign'],
  [/minified buckets have been excluded/i, 'partial'],

  // Values.
  [/Limit of '\d+' for values reached/i, 'partial'],
  [/indexed field extraction limit|exceeded the .*extraction limit/i, 'partial'],
  [/does not support multiple time ranges|results might be incorrect/i, 'refused'],
  [/Your timerange was substituted/i, 'refused'],

  // No room.
  [/concurren\w+ .*(?:searches|limit)|concurrency_(?:category|limit)/i, 'again'],
  [/could not be dispatched|could not be queued|disk usage quota|minimum free disk space/i, 'again'],
  [/Detention mode|search peers are overloaded/i, 'again'],
  [/license (?:expired|has expired)|exceeded your license limit too many/i, 'refused'],

  // Rights.
  [/removed from search due to permission|that you have permission to access/i, 'refused'],
  [/do not have permission|insufficient (?:privileges|permission)/i, 'refused'],

  // What was asked can't be.
  [
    /^Error in '|^Unable to parse|cannot be found|Unknown search command|is unsupported or undefined/i,
    'refused',
  ],
  [/limit has been reached for log messages in info\.csv/i, 'again'],

  // Of no matter to the answer.
  [/^Search job |^Assuming implicit lookup table with filename/i, 'benign'],
  [/number of search artifacts in the dispatch directory is higher than recommended/i, 'benign'],
  [/instance is approaching the maximum number of/i, 'benign'],
  [/Daily indexing volume limit exceeded|licens\w+ .*(?:warning|pool)/i, 'benign'],
];

/** `accepted`: texts that a person has reviewed. */
export function classOf({ type, text }: SplunkMessage, accepted: readonly string[]): MessageClass {
  if (accepted.some((one) => text.includes(one))) return 'benign';
  const known = TABLE.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return known[1];
  return type.toUpperCase() === 'DEBUG' ? 'benign' : 'unknown';
}
