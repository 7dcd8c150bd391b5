/** An answer that is an error, as a sentence: what, where, what to do, and whether the same call may succeed later. */
import { concealSecrets } from '../../../src/config/secrets.ts';
import { ConnectorError } from '../../../src/core/errors.ts';
import { TooMuchError } from './engine.ts';
import { at, isObject } from './json.ts';

const TOO_MUCH = [
  'too_many_buckets_exception',
  'circuit_breaking_exception',
  'too_many_scroll_contexts_exception',
];
const BUSY = [
  'es_rejected_execution_exception',
  'rejected_execution_exception',
  'opensearch_rejected_execution_exception',
];
/** A point in time that expired, or whose node is gone: the read must start over. */
const LOST = [
  'search_context_missing_exception',
  'node_disconnected_exception',
  'no_shard_available_action_exception',
];
/** What a query makes of these events it makes of them again, although it is 500: a sum beyond 2^63. */
const LASTING = ['arithmetic_exception'];
const MESSAGE_LIMIT = 500;

/** `where` is the source's name; the body is what came, JSON or not. */
export function failureOf(where: string, status: number, body: unknown): ConnectorError {
  const types = typesIn(body);
  const reason = reasonIn(body);
  const detail = { where, ...helpOf(status, types) };
  const message = `The server refused${reason === '' ? '' : `: ${reason}`} (HTTP ${status})`;
  if (types.some((type) => TOO_MUCH.includes(type)))
    return new TooMuchError(message, { ...detail, retryable: true });
  const passing = types.some((type) => BUSY.includes(type) || LOST.includes(type));
  const lasting = types.some((type) => LASTING.includes(type));
  return new ConnectorError(message, {
    ...detail,
    retryable: passing || (!lasting && (status >= 500 || status === 429 || status === 408)),
  });
}

function helpOf(status: number, types: readonly string[]): { help?: string } {
  if (types.some((type) => TOO_MUCH.includes(type)))
    return {
      help: 'Give the server more memory or a higher search.max_buckets, or the measure fewer groups.',
    };
  if (types.some((type) => BUSY.includes(type)))
    return { help: 'Its search queue is full: lower maxConcurrentSearches, or wait.' };
  if (types.some((type) => LASTING.includes(type)))
    return { help: "Correct what is computed (in ES|QL: TO_DOUBLE); the words above are the server's own." };
  if (types.includes('index_not_found_exception')) return { help: 'Check `index` in the dataset.' };
  if (types.includes('index_closed_exception'))
    return { help: 'Open the closed index, or leave it out of `index` (`logs-*,-logs-2019`).' };
  if (types.includes('cluster_block_exception'))
    return { help: 'The index is blocked: ask who runs the cluster.' };
  if (status === 401) return { help: 'Check `auth` in the source: the server does not know this account.' };
  if (status === 403)
    return {
      help: 'Give the account the role that the guide for connecting this server shows (docs/guide).',
    };
  if (status === 429 || status >= 500) return { help: 'The server is overloaded or not ready.' };
  return { help: "Correct what was asked; the words above are the server's own." };
}

/** All exceptions' types, also those that shards give as causes. */
function typesIn(value: unknown, depth = 0): string[] {
  if (depth > 12) return [];
  if (Array.isArray(value)) return value.flatMap((item) => typesIn(item, depth + 1));
  if (!isObject(value)) return [];
  const own = typeof value.type === 'string' ? [value.type] : [];
  return [...own, ...Object.values(value).flatMap((item) => typesIn(item, depth + 1))];
}

/** The first reason of a shard, else the whole request's: a few hundred characters of the server's own words. */
function reasonIn(body: unknown): string {
  if (typeof body === 'string') return shortened(body.replace(/\s+/g, ' ').trim());
  const error = at(body, 'error');
  if (typeof error === 'string') return shortened(error);
  const roots = at(error, 'root_cause');
  const [root] = Array.isArray(roots) ? roots : [];
  const causes = [at(root, 'reason'), at(error, 'caused_by', 'reason'), at(error, 'reason')];
  const reason = causes.find((cause) => typeof cause === 'string' && cause !== '');
  return typeof reason === 'string' ? shortened(reason) : '';
}

const shortened = (text: string): string => concealSecrets(text).slice(0, MESSAGE_LIMIT);

/** What the server can't answer exactly, or must not be asked: no later try will do. */
export function refusal(where: string, message: string, help: string, cause?: unknown): ConnectorError {
  return new ConnectorError(message, { retryable: false, where, help, cause });
}

/** A shard's own words, of an answer that came with failures. */
export function shardFailure(failure: unknown): string {
  const index = at(failure, 'index');
  const reason = at(failure, 'reason', 'reason') ?? at(failure, 'reason', 'type');
  return `${typeof index === 'string' ? `${index}: ` : ''}${typeof reason === 'string' ? concealSecrets(reason).slice(0, 200) : 'no reason given'}`;
}
