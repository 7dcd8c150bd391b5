/**
 * What OpenSearch's security plugin keeps from an account: indices that are left out, documents that a filter hides, fields
 * that are hidden or masked. None of it stands in an answer, and an account may not read its own roles: each leaves
 * another trace, which is looked for here.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import { type Engine, indexPath } from '../shared/search-engine/engine.ts';
import { refusal } from '../shared/search-engine/failure.ts';
import { exists } from '../shared/search-engine/filter.ts';
import { at, isObject, numberAt, objectAt, textsAt } from '../shared/search-engine/json.ts';
import { askAccess, type Rights } from '../shared/search-engine/rights.ts';
import { type Resolved, some } from '../shared/search-engine/schema.ts';
import { STRICT } from '../shared/search-engine/search.ts';

type Ask = (method: 'GET' | 'POST', path: string, query: object, body?: object) => Promise<unknown>;

/** What is known of an index expression. */
interface Known {
  /** Forbidden indices are left out of an answer (`do_not_fail_on_forbidden`), also those that are asked for by name. */
  readonly leavesOut: boolean;
  /** A filter hides documents (document-level security). */
  readonly filters: boolean;
  /** Paths of fields that are neither hidden nor masked. */
  readonly seen: Set<string>;
}

export function securityOf(call: Engine['call'], source: string): Rights {
  /** Null: nobody has to log in. */
  const all = new Map<string, Known | null>();
  const asking =
    (index: string, signal: AbortSignal): Ask =>
    async (method, path, query, body) => {
      const full = path.startsWith('/_plugins') ? path : `/${indexPath(index)}/${path}`;
      const sent = {
        method,
        path: full,
        query: { ...query },
        ...(body === undefined ? {} : { body: { ...body } }),
      };
      return (await call(sent, signal)).body;
    };
  const access: Rights['access'] = async (index, signal) => {
    const keys = { roles: 'roles', backendRoles: 'backend_roles', tenants: 'tenants' };
    const told = await askAccess(call, '/_plugins/_security/authinfo', keys, signal);
    if (told === null) {
      all.set(index, null);
      return null;
    }
    const ask = asking(index, signal);
    const leavesOut = await leavesOutForbidden(ask);
    if (leavesOut) await requireEveryIndex(ask, index, source);
    const filters = await filtersDocuments(ask);
    all.set(index, { leavesOut, filters, seen: new Set() });
    return JSON.stringify({ ...told, leavesOutForbidden: leavesOut, documentFilter: filters });
  };
  const knownOf = async (index: string, signal: AbortSignal): Promise<Known | null> => {
    if (!all.has(index)) await access(index, signal);
    return all.get(index) ?? null;
  };
  return {
    access,
    warning: (index) =>
      all.get(index)?.filters === true
        ? 'The account sees only some events (a document filter in its role): numbers are of those alone'
        : null,
    requireAll: async (index, signal) => {
      const isNew = !all.has(index);
      const known = await knownOf(index, signal);
      if (known?.leavesOut === true && !isNew) await requireEveryIndex(asking(index, signal), index, source);
    },
    requireSeen: async (index, fields, signal) => {
      const known = await knownOf(index, signal);
      const fresh = fields.filter(({ path }) => known !== null && !known.seen.has(path));
      if (fresh.length === 0) return;
      const ask = asking(index, signal);
      await requireNoneHidden(ask, fresh, source);
      await requireNoneMasked(ask, fresh, source);
      for (const { path } of fresh) known?.seen.add(path);
    },
  };
}

async function leavesOutForbidden(ask: Ask): Promise<boolean> {
  const body = await ask('GET', '/_plugins/_security/dashboardsinfo', {});
  return at(body, 'not_fail_on_forbidden_enabled') === true;
}

/** Reading mappings is one of the actions that forbidden indices are never left out of. */
async function requireEveryIndex(ask: Ask, index: string, source: string): Promise<void> {
  // The mappings of another cluster's indices can't be had.
  if (index.includes(':')) return;
  try {
    await ask('GET', '_mapping', { filter_path: '-*', ...STRICT });
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.retryable) throw error;
    throw refusal(
      source,
      `The account may not read all that "${index}" names, and this server leaves the rest out without a word (do_not_fail_on_forbidden)`,
      'Give its role `read` and `indices:admin/mappings/get` on every index behind the name, or name only those that it may read.',
      error,
    );
  }
}

/** Where documents are filtered, a search may not be profiled. */
async function filtersDocuments(ask: Ask): Promise<boolean> {
  const body = { size: 0, profile: true, query: { match_none: {} } };
  try {
    await ask('POST', '_search', { filter_path: '_shards', ...STRICT }, body);
    return false;
  } catch (error) {
    if (error instanceof ConnectorError && /profiling is not supported when DLS/i.test(error.message))
      return true;
    throw error;
  }
}

/**
 * A hidden field seems to be unknown to its index. Sorting tells: by a field that is really unknown a shard refuses to
 * sort, by one that is merely hidden it does.
 */
async function requireNoneHidden(ask: Ask, fields: readonly Resolved[], source: string): Promise<void> {
  const names = [...new Set(fields.flatMap(({ name, path }) => [name, path]))];
  const caps = await ask('GET', '_field_caps', {
    fields: names.join(','),
    include_unmapped: true,
    ...STRICT,
  });
  for (const [name, types] of Object.entries(objectAt(caps, 'fields'))) {
    const unmapped = textsAt(types, 'unmapped', 'indices');
    if (unmapped.length === 0) continue;
    const unknown = await indicesWithout(ask, name);
    const hidden = unmapped.filter((one) => unknown !== 'all' && !unknown.has(one));
    if (hidden.length === 0) continue;
    throw refusal(
      source,
      `The field "${name}" is hidden from the account in ${some(hidden)} (field-level security)`,
      'Let the role see it in every index of the dataset, or narrow `index`.',
    );
  }
}

async function indicesWithout(ask: Ask, field: string): Promise<ReadonlySet<string> | 'all'> {
  const body = { size: 0, track_total_hits: false, sort: [{ [field]: { order: 'asc' } }] };
  const query = { allow_partial_search_results: true, filter_path: '_shards', ...STRICT };
  try {
    const answer = await ask('POST', '_search', query, body);
    const failures = at(answer, '_shards', 'failures');
    return new Set(
      (Array.isArray(failures) ? failures : [])
        .filter((one: unknown) => isUnknownField(at(one, 'reason', 'reason')))
        .map((one: unknown) => String(at(one, 'index'))),
    );
  } catch (error) {
    if (error instanceof ConnectorError && isUnknownField(error.message)) return 'all';
    throw error;
  }
}

const isUnknownField = (reason: unknown): boolean => /No mapping found for/.test(String(reason));

/** Values that are masked are found by no filter, not even by the mask that is shown. */
async function requireNoneMasked(ask: Ask, fields: readonly Resolved[], source: string): Promise<void> {
  const texts = fields.filter(({ family, hasColumn }) => family === 'keyword' && hasColumn);
  if (texts.length === 0) return;
  const shown = await shownValues(ask, texts);
  if (shown.length === 0) return;
  const aggs = Object.fromEntries(
    shown.map(({ field: { path }, id, value }, i) => {
      const there = [{ ids: { values: [id] } }, exists(path)];
      const found = { filter: { term: { [path]: value } } };
      return [`f${i}`, { filter: { bool: { filter: there } }, aggs: { found } }];
    }),
  );
  const query = { ids: { values: [...new Set(shown.map(({ id }) => id))] } };
  const answer = await ask('POST', '_search', STRICT, { size: 0, query, aggs });
  const count = (...path: string[]): number => numberAt(answer, 'aggregations', ...path, 'doc_count');
  const masked = shown.filter((_, i) => count(`f${i}`) > 0 && count(`f${i}`, 'found') === 0);
  if (masked.length === 0) return;
  throw refusal(
    source,
    `The field ${some(masked.map(({ field }) => `"${field.name}"`))} is masked: filters find none of its values, and groups by it are not whole`,
    'Let the role see it as it is; `pseudonymise` in the dataset hides it in what clause9 keeps.',
  );
}

interface Shown {
  readonly field: Resolved;
  readonly id: string;
  readonly value: string;
}

/** Of each field one value as the account sees it, where some of the first events have one. */
async function shownValues(ask: Ask, fields: readonly Resolved[]): Promise<Shown[]> {
  const one = (path: string) => ({ top_hits: { size: 1, _source: false, docvalue_fields: [path] } });
  const aggs = Object.fromEntries(
    fields.map(({ path }, i) => [`f${i}`, { filter: exists(path), aggs: { one: one(path) } }]),
  );
  const query = { bool: { should: fields.map(({ path }) => exists(path)) } };
  const answer = await ask('POST', '_search', STRICT, { size: 0, terminate_after: 1_000, query, aggs });
  return fields.flatMap((field, i) => {
    const hits = at(answer, 'aggregations', `f${i}`, 'one', 'hits', 'hits');
    const hit: unknown = Array.isArray(hits) ? hits[0] : undefined;
    const [value] = textsAt(hit, 'fields', field.path);
    const id = isObject(hit) ? hit._id : undefined;
    return value === undefined || typeof id !== 'string' ? [] : [{ field, id, value }];
  });
}
