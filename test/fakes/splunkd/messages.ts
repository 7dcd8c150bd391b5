/**
 * What splunkd says, word for word, with its severity: after messages.conf of 10.2.3 (github jewnix/splunk-spec-files),
 * and for refusals (`Search not executed: …`) after answers that others got and reported.
 */
import type { Message, Severity } from './model.ts';

const say = (type: Severity, text: string): Message => ({ type, text });
const CONCURRENCY = (context: string, usage: number): string =>
  `, concurrency_category="historical", concurrency_context="${context}", current_concurrency=${usage}, concurrency_limit=${usage}`;

export const MESSAGES = {
  unauthorized: say('ERROR', 'Unauthorized'),
  loginFailed: say('WARN', 'Login failed'),
  unknownSid: say('FATAL', 'Unknown sid.'),
  serverError: say('ERROR', "In handler 'jobs': Internal error."),
  cancelled: say('INFO', 'Search job cancelled.'),
  finalizedNow: say('INFO', 'Search job finalized.'),
  touched: say('INFO', 'Search job touched.'),
  paused: say('INFO', 'Search job paused.'),
  resumed: say('INFO', 'Search job continued.'),
  quotaInstance: say(
    'WARN',
    `Search not executed: The maximum number of concurrent historical searches on this instance has been reached.${CONCURRENCY('instance-wide', 8)}`,
  ),
  quotaUser: say(
    'FATAL',
    `Search not executed: The maximum number of concurrent historical searches for this user based on their role quota has been reached.${CONCURRENCY('user_instance-wide', 3)}`,
  ),
  quotaRole: say(
    'FATAL',
    'Search not executed: This search could not be dispatched because the role-based concurrency limit of historical searches for user "u" has been reached (usage=3, quota=3).',
  ),
  quotaDisk: say(
    'FATAL',
    'Search not executed: This search could not be dispatched because the role-based disk usage quota of search artifacts for user "u" has been reached (usage=101MB, quota=100MB). Use the Job Manager to delete some of your search artifacts, or ask your Splunk administrator to increase the disk quota of search artifacts for your role.',
  ),
  quotaQueue: say(
    'FATAL',
    'This search could not be queued because the role-based queued search limit for user "u" has been reached (usage=6, quota=6).',
  ),
  freeDisk: say(
    'FATAL',
    `Search not executed: The minimum free disk space (5000MB) reached for /opt/splunk/var/run/splunk/dispatch. user=u., concurrency_category="historical", concurrency_context="user_instance-wide", current_concurrency=0, concurrency_limit=5000`,
  ),
  detention: say(
    'FATAL',
    'This instance is currently in Detention mode and does not allow running new search jobs. This is likely due to an ongoing rolling restart of the search head cluster.',
  ),
  peersOverloaded: say(
    'FATAL',
    "This search couldn't run because search peers are overloaded. The last peer busy response from a search peer indicating there are too many requests was received 0.500000 seconds ago.",
  ),
  workloadDenied: say(
    'FATAL',
    'WLM-DENIED: The search was filtered by the admission rule: no-wildcard-index',
  ),
  notAllowed: say(
    'ERROR',
    'You (user=u) do not have permission to perform this operation (requires capability: search).',
  ),
  finalizedTime: say('INFO', 'The search auto-finalized after it reached its time limit: 60 seconds.'),
  finalizedDisk: say('WARN', 'Search auto-finalized after disk usage limit (100MB) reached.'),
  finalizedEvents: say('INFO', 'Search auto-finalized after 1000 events limit reached.'),
  finalized: say('INFO', 'Search finalized.'),
  finalizedWorkload: say(
    'WARN',
    'Your search has been terminated by workload rule=r because it exceeded the specified runtime.',
  ),
  peerTimeout: say('WARN', 'Timed out waiting for peer idx2.  Search results might be incomplete.'),
  peerEnded: say(
    'WARN',
    'Search results might be incomplete: the search process on peer idx2 ended prematurely. This can be caused by a variety of reasons. Check the peer log, such as $SPLUNK_HOME/var/log/splunk/splunkd.log and as well as the search.log for the particular search.',
  ),
  peerReading: say(
    'WARN',
    'Reading error while waiting for peer idx2. Search results might be incomplete. This can occur if the peer unexpectedly closes or resets the connection during a planned restart.',
  ),
  peerDown: say(
    'WARN',
    'Unable to distribute to peer named idx2 at uri=https://idx2:8089 using the uri-scheme=https because peer has status=Down.',
  ),
  peerQuarantined: say(
    'WARN',
    'One or more peers has been excluded from the search because they have been quarantined. Use "splunk_server=*" to search these peers. This might affect search performance.',
  ),
  peerSlow: say(
    'WARN',
    "Peer 'idx2' was disconnected because it was too slow and holding up the completion of this search. This can be disabled in limits.conf [slow_peer_disconnect].",
  ),
  peerRate: say(
    'WARN',
    'Rate limit error returned by the peer idx2. Search results might be incomplete. This will occur when the peer rejects the connection due to high number of running searches.',
  ),
  peerUnrecovered: say(
    'INFO',
    'Failed to recover from indexer failure(s). Search results might be incomplete.',
  ),
  bucketFixup: say(
    'WARN',
    'One or more replicated indexes might not be fully searchable. Some search results might be incomplete or duplicated during bucket fix up.',
  ),
  bucketRepairs: say(
    'WARN',
    'Bucket repairs are currently in progress for the search process with search_id="1.1". The search may have returned partial results.',
  ),
  failedPeer: say(
    'ERROR',
    "The search job has failed due to err='Connection reset by peer' for the peer=idx2.",
  ),
  failedNotSearchable: say(
    'ERROR',
    'The search job has failed because some peers were not searchable. Results will be incomplete.',
  ),
  failedUnstable: say(
    'ERROR',
    'The search job has failed because the distributed search environment is temporarily unstable, which could cause partial results, and \'dispatch.allow_partial_results\' is set to "false".',
  ),
  failedMemory: say(
    'ERROR',
    'Your search has been terminated. This is most likely due to an out of memory condition.',
  ),
  failedForced: say(
    'ERROR',
    "The search processs with sid=1.1 was forcefully terminated because its physical memory usage (4100.0 MB) has exceeded the 'search_process_memory_usage_threshold' (4000.0 MB) setting in limits.conf.",
  ),
  failedDag: say('FATAL', 'DAG Execution Exception: Search has been cancelled'),
  failedLicence: say(
    'ERROR',
    'Your Splunk license expired or you have exceeded your license limit too many times. Renew your Splunk license by visiting www.splunk.com/store or calling 866.GET.SPLUNK.',
  ),
  zombie: say('ERROR', 'The search job terminated unexpectedly.'),
  subsearchTruncated: say(
    'INFO',
    'Subsearch produced 12000 results, truncating to maxout [subsearch] 10000.',
  ),
  subsearchLimit: say('INFO', 'Subsearch results is truncated to maximum [subsearch] 10000.'),
  statsTruncated: say(
    'WARN',
    'command.stats: output will be truncated at 50000 results due to excessive memory usage. Memory threshold of 200MB as configured in limits.conf / [default] / max_mem_usage_mb has been reached.',
  ),
  valuesTruncated: say(
    'WARN',
    "'stats' command: Limit of '100' for values reached. Additional values may have been truncated or ignored.",
  ),
  memoryLimit: say(
    'ERROR',
    'Reached the maximum in-memory consumption limit for search results (200 MB), results might be incomplete. Increase the max_mem_usage_mb setting in limits.conf.',
  ),
  subsearchTimeout: say('ERROR', 'Timed out (60 secs) while waiting for subsearch results.'),
  fieldLimit: say(
    'INFO',
    "The search you ran exceeded the indexed field extraction limit='200' while it was extracting fields. If the search references a field that is not part of the set of indexed fields that the search annotates to the results that it generates, those results might be incomplete or incorrect.",
  ),
  messageLimit: say(
    'ERROR',
    'The limit has been reached for log messages in info.csv. 21 messages have not been written to info.csv. Refer to search.log for these messages or limits.conf to configure this limit.',
  ),
  minifiedBuckets: say(
    'WARN',
    'Some minified buckets have been excluded from the search.You can use the include_reduced_buckets=t option of the tstats command to include the results.',
  ),
  tstatsRanges: say(
    'WARN',
    'Your search results might be incorrect. The tstats command does not support multiple time ranges.',
  ),
  indexesRemoved: say('WARN', 'All indexes removed from search due to permission.'),
  noMatchingIndexes: say('ERROR', 'There are no matching indexes that you have permission to access.'),
  timeDenied: say('ERROR', 'You do not have permission to search data in this time range.'),
  benign: [
    say('DEBUG', 'base lispy: [ AND index::main ]'),
    say('DEBUG', 'search context: user="admin", app="search", bs-pathname="/opt/splunk/etc"'),
    say('INFO', "Assuming implicit lookup table with filename 'assets.csv'."),
    say(
      'WARN',
      'The number of search artifacts in the dispatch directory is higher than recommended (count=5012, warning threshold=5000) and could have an impact on search performance. Remove excess search artifacts using the "splunk clean-dispatch" CLI command.',
    ),
  ],
} as const satisfies Readonly<Record<string, Message | readonly Message[]>>;
