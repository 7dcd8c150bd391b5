/**
 * How data is recognised as what the shipped KPIs measure: by its name, and by fields that mean the same elsewhere
 * (the Common Information Model of Splunk, exports of help desks). All of it are guesses, and are written as such.
 */
import type { Dataset } from '../../config/model.ts';

export interface KnownDataset {
  readonly kind: Dataset['kind'];
  /** What it is called, then its options. */
  readonly looksLike: RegExp;
}

/** The datasets of the shipped KPIs. The first that fits is taken. */
export const KNOWN_DATASETS: Readonly<Record<string, KnownDataset>> = {
  kev: { kind: 'snapshot', looksLike: /\bkev\b|known.?exploited/ },
  leavers: { kind: 'snapshot', looksLike: /leaver/ },
  'log-sources': { kind: 'snapshot', looksLike: /log.?sources?/ },
  'protected-systems': { kind: 'snapshot', looksLike: /protected/ },
  'attack-techniques': { kind: 'snapshot', looksLike: /technique/ },
  'detection-rules': { kind: 'snapshot', looksLike: /detection.?rules?/ },
  accounts: { kind: 'snapshot', looksLike: /accounts?$/ },
  assets: { kind: 'snapshot', looksLike: /assets?|inventory|cmdb/ },
  'alert-triage': { kind: 'records', looksLike: /triage/ },
  alerts: { kind: 'records', looksLike: /alerts?/ },
  findings: { kind: 'records', looksLike: /finding|vulnerab/ },
  incidents: { kind: 'records', looksLike: /incident|ticket|snow/ },
  'sign-ins': { kind: 'events', looksLike: /sign.?ins?|okta|entra/ },
  'account-management': { kind: 'events', looksLike: /account.?management|\biam\b/ },
  authentication: { kind: 'events', looksLike: /auth|log.?[io]ns?\b|wineventlog|security/ },
  backups: { kind: 'events', looksLike: /backup/ },
  'endpoint-agents': { kind: 'events', looksLike: /agent|endpoint.policy/ },
  malware: { kind: 'events', looksLike: /malware|virus|endpoint|defender/ },
  'rule-runs': { kind: 'events', looksLike: /event.?log|scheduler|rule.?runs?/ },
  scans: { kind: 'events', looksLike: /scan/ },
  'uptime-checks': { kind: 'events', looksLike: /uptime|heartbeat|synthetics/ },
  'http-access': { kind: 'events', looksLike: /access|nginx|apache|\biis\b|\bweb\b|proxy|http/ },
  // One log of many is not all of them: only what is called so.
  logs: { kind: 'events', looksLike: /^(all[-_.])?(logs?|syslog) / },
};

/** Standard field → what it may be called where it does not have its own name, the likeliest first. */
export const ALIASES: Readonly<Record<string, readonly string[]>> = {
  'event.outcome': ['outcome', 'action', 'result', 'status'],
  'event.action': ['event', 'signature', 'EventCode'],
  'event.type': ['action'],
  'event.dataset': ['sourcetype'],
  'event.duration': ['duration_ns'],
  'event.ingest_lag': ['ingest_lag'],
  'user.name': ['user', 'username', 'user_name'],
  'user.target.name': ['user', 'username'],
  'host.name': ['dest', 'host', 'hostname'],
  'service.name': ['service', 'site', 'monitor.name'],
  'monitor.status': ['status'],
  'http.response.status_code': ['status', 'status_code'],
  'rule.id': ['savedsearch_name', 'rule_id'],
  'vulnerability.id': ['cve', 'cve_id'],
  'vulnerability.severity': ['severity'],
  'ticket.priority': ['priority'],
  'kibana.alert.severity': ['urgency', 'severity'],
  'labels.mfa': ['mfa'],
};

/** What the fields of cases are called, the likeliest first. */
export const CASE_FIELDS = {
  key: [
    'finding.id',
    'kibana.alert.uuid',
    'number',
    'ticket_id',
    'case_id',
    'finding_id',
    'event_id',
    'key',
    'id',
  ],
  version: [
    'finding.updated',
    'kibana.alert.workflow_status_updated_at',
    'sys_updated_at',
    'sys_updated_on',
    'sys_mod_count',
    'updated_at',
    'updated',
    'review_time',
  ],
  opened: [
    'finding.first_seen',
    'kibana.alert.start',
    'opened_at',
    'opened',
    'first_seen',
    'alert_time',
    'created_at',
    'created',
  ],
  closed: ['finding.fixed', 'resolved_at', 'resolved', 'fixed', 'closed_at', 'closed', 'closed_time'],
  due: ['finding.due', 'sla_due', 'due_at', 'due_date', 'due'],
} as const;
