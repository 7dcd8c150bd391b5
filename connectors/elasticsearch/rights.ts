/**
 * What Elasticsearch's security keeps from an account. It tells filters of documents and fields, but not always all
 * of them; and under a pattern it leaves out, without a word, the indices that the account may not read.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import { type Engine, indexPath } from '../shared/search-engine/engine.ts';
import { refusal } from '../shared/search-engine/failure.ts';
import { at, isObject, type Json } from '../shared/search-engine/json.ts';
import { askAccess, type Rights, tellOf } from '../shared/search-engine/rights.ts';
import { STRICT } from '../shared/search-engine/search.ts';

const PRIVILEGES = { cluster: 'cluster', indices: 'indices', remote: 'remote_indices' };
/** What is needed on each index. */
const NEEDED = ['read', 'view_index_metadata'];

/** What is known of an index expression. */
interface Known {
  /** Nobody has to log in. */
  readonly isOpen: boolean;
  /** Stands beside its numbers. */
  readonly warning: string | null;
}

/** `keyId` is that of the API key that is sent; null: another account. */
export function securityOf(call: Engine['call'], source: string, keyId: string | null): Rights {
  /** By index expression. */
  const all = new Map<string, Known>();
  const access: Rights['access'] = async (index, signal) => {
    const told =
      (await ownRightsOf(call, keyId, signal)) ??
      (await askAccess(call, '/_security/user/_privileges', PRIVILEGES, signal));
    const isOpen = told === null && keyId === null;
    if (isOpen) {
      all.set(index, { isOpen, warning: null });
      return null;
    }
    await requireEveryIndex(call, index, source, signal);
    const documentFilter = await filtersDocuments(call, index, signal);
    const some = [...(documentFilter ? ['events'] : []), ...(hidesFields(told) ? ['fields'] : [])];
    const warning =
      some.length === 0
        ? null
        : `The account sees only some ${some.join(' and ')} (document or field level security): numbers are of those alone`;
    all.set(index, { isOpen, warning });
    return JSON.stringify({ ...told, documentFilter });
  };
  return {
    access,
    warning: (index) => all.get(index)?.warning ?? null,
    requireAll: async (index, signal) => {
      const known = all.get(index);
      if (known === undefined) await access(index, signal);
      else if (!known.isOpen) await requireEveryIndex(call, index, source, signal);
    },
    // A field that is hidden is unknown; where only some indices hide it, the warning stands beside the number.
    requireSeen: async () => {},
  };
}

/** A key with rights of its own may look at itself, and not at its user's rights; null: it has none, or isn't told (7.17). */
async function ownRightsOf(
  call: Engine['call'],
  keyId: string | null,
  signal: AbortSignal,
): Promise<Json | null> {
  if (keyId === null) return null;
  const answer = await tellOf(call, { path: '/_security/api_key', query: { id: keyId } }, signal);
  const keys = at(answer, 'api_keys');
  const roles = at(Array.isArray(keys) ? keys[0] : undefined, 'role_descriptors');
  const all = isObject(roles) ? Object.values(roles) : [];
  if (all.length === 0) return null;
  const entries = Object.entries(PRIVILEGES).map(([name, key]) => [
    name,
    all.flatMap((role) => at(role, key) ?? []),
  ]);
  return Object.fromEntries(entries);
}

/** Kibana writes `grant: ["*"]` where nothing is hidden. */
function hidesFields(told: Json | null): boolean {
  const indices = told?.indices;
  if (!Array.isArray(indices)) return false;
  const rules: unknown[] = indices.flatMap((one: unknown) => at(one, 'field_security') ?? []);
  return rules.some((rule) => {
    const [grant, except] = [at(rule, 'grant'), at(rule, 'except')];
    const grantsAll = grant === undefined || (Array.isArray(grant) && grant.includes('*'));
    return !grantsAll || (Array.isArray(except) && except.length > 0);
  });
}

/** Where documents are filtered, a search may not be profiled: also where only the user who made the key is limited. */
async function filtersDocuments(call: Engine['call'], index: string, signal: AbortSignal): Promise<boolean> {
  const body = { size: 0, profile: true, query: { match_none: {} } };
  const query = { filter_path: '_shards', ...STRICT };
  try {
    await call({ method: 'POST', path: `/${indexPath(index)}/_search`, query, body }, signal);
    return false;
  } catch (error) {
    if (error instanceof ConnectorError && /profiled if document level security/i.test(error.message))
      return true;
    throw error;
  }
}

/** An index that is named is refused where it may not be read; a pattern is asked for here, those of another cluster can't be. */
async function requireEveryIndex(
  call: Engine['call'],
  index: string,
  source: string,
  signal: AbortSignal,
): Promise<void> {
  const names = index
    .split(',')
    .map((name) => (name === '_all' ? '*' : name))
    .filter((name) => name.includes('*') && !name.startsWith('-') && !name.includes(':'));
  if (names.length === 0) return;
  const body = { index: [{ names, privileges: NEEDED }] };
  const path = '/_security/user/_has_privileges';
  const answer = await tellOf(call, { method: 'POST', path, body }, signal);
  const lacking = names.flatMap((name) =>
    NEEDED.filter((right) => at(answer, 'index', name, right) === false).map(
      (right) => `${right} on ${name}`,
    ),
  );
  if (lacking.length === 0) return;
  throw refusal(
    source,
    `The account may not read all that "${index}" may name (${lacking.join(', ')}), and Elasticsearch leaves the rest out without a word`,
    `Give it ${NEEDED.join(' and ')} on ${names.join(', ')}, or name in \`index\` only what it may read.`,
  );
}
