/** What the fake splunkd holds and speaks: events, roles, users, messages, and the questions that its tests can't settle. */

/** Splunk holds everything as text; several values are an array. */
export type FieldText = string | readonly string[];

export interface SplunkEvent {
  /** Seconds since the epoch, with decimals. */
  readonly _time: number;
  readonly _indextime?: number;
  readonly _raw?: string;
  readonly host?: string;
  readonly source?: string;
  readonly sourcetype?: string;
  readonly fields: Readonly<Record<string, FieldText>>;
}

export interface StoredEvent {
  readonly time: number;
  readonly indexTime: number;
  readonly index: string;
  readonly peer: string;
  /** The event's number in the whole server: the order of arrival. */
  readonly serial: number;
  readonly fields: ReadonlyMap<string, FieldText>;
}

export interface Role {
  readonly srchIndexesAllowed: readonly string[];
  readonly srchIndexesDefault: readonly string[];
  /** In search language; several roles' filters are joined by OR. Empty: none. */
  readonly srchFilter: string;
  /** Seconds, backwards from the latest time; -1: unlimited. */
  readonly srchTimeWin: number;
  /** Seconds, backwards from now; -1: unlimited. */
  readonly srchTimeEarliest: number;
  readonly srchJobsQuota: number;
  /** Megabytes. */
  readonly srchDiskQuota: number;
  readonly srchMaxTime: string;
  readonly capabilities: readonly string[];
  readonly importedRoles: readonly string[];
}

export interface User {
  readonly password: string;
  readonly roles: readonly string[];
  /** IANA name: `_time` is printed and days are cut in it. */
  readonly timeZone: string;
}

export type Severity = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

export interface Message {
  readonly type: Severity;
  readonly text: string;
}

/** What nobody could verify on a real Splunk. A client that is right under either choice is right. */
export interface Dialect {
  /** `search a=5` finds "5.0", too. */
  readonly searchNumericEquality: boolean;
  /** `eval a="5"` is true for a field that holds 5.0. */
  readonly evalNumericTexts: boolean;
  /** What `lower`, `upper` and the search language fold. */
  readonly fold: 'unicode' | 'ascii';
  /** Significant digits of a printed number that is no integer. */
  readonly digits: 15 | 17;
  /** Texts that count as numbers: plain decimals, or all that C's strtod takes (` 5`, `0x1f`, `inf`). */
  readonly numbers: 'plain' | 'strtod';
  /** `NOT` of a comparison with a missing field. `refuse` fails the job: a client should not depend on it. */
  readonly notOfNull: 'refuse' | 'true' | 'null';
}

export const DEFAULT_DIALECT: Dialect = {
  searchNumericEquality: false,
  evalNumericTexts: false,
  fold: 'unicode',
  digits: 17,
  numbers: 'plain',
  notOfNull: 'refuse',
};

export const USER_ROLE: Role = {
  srchIndexesAllowed: ['*'],
  srchIndexesDefault: ['main'],
  srchFilter: '',
  srchTimeWin: -1,
  srchTimeEarliest: -1,
  srchJobsQuota: 3,
  srchDiskQuota: 100,
  srchMaxTime: '100days',
  capabilities: ['search', 'rest_properties_get', 'list_search_head_clustering', 'change_own_password'],
  importedRoles: [],
};

/** A role as `authorization/roles` tells it. */
export function stanzaOf(role: Role): Readonly<Record<string, string | number | readonly string[]>> {
  return {
    capabilities: [...role.capabilities],
    cumulativeRTSrchJobsQuota: 0,
    cumulativeSrchJobsQuota: 0,
    defaultApp: '',
    imported_capabilities: [],
    imported_roles: [...role.importedRoles],
    imported_srchFilter: '',
    imported_srchIndexesAllowed: [],
    imported_srchIndexesDefault: [],
    rtSrchJobsQuota: 6,
    srchDiskQuota: role.srchDiskQuota,
    srchFilter: role.srchFilter,
    srchIndexesAllowed: [...role.srchIndexesAllowed],
    srchIndexesDefault: [...role.srchIndexesDefault],
    srchJobsQuota: role.srchJobsQuota,
    srchMaxTime: role.srchMaxTime,
    srchTimeEarliest: role.srchTimeEarliest,
    srchTimeWin: role.srchTimeWin,
  };
}
