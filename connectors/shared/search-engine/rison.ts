/** Rison: the compact form of JSON in which Kibana and OpenSearch Dashboards keep their state in a URL. */

export function rison(value: unknown): string {
  if (value === null || value === undefined) return '!n';
  if (typeof value === 'boolean') return value ? '!t' : '!f';
  if (typeof value === 'number') return String(value).replace('e+', 'e');
  if (typeof value === 'string') return risonText(value);
  if (Array.isArray(value)) return `!(${value.map(rison).join(',')})`;
  const members = Object.entries(value).map(([key, member]) => `${risonText(key)}:${rison(member)}`);
  return `(${members.join(',')})`;
}

/** Always quoted, but for plain words. */
function risonText(text: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) ? text : `'${text.replace(/[!']/g, '!$&')}'`;
}
