/** Short ways to ask a fake splunkd in its own tests. */
import type { Splunkd } from './index.ts';

export const TOKEN = 'fake-token';

export interface Asked {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export async function ask(
  splunkd: Splunkd,
  path: string,
  form?: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` },
): Promise<Asked> {
  const init =
    form === undefined ? { headers } : { headers, method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(`${splunkd.url}${path}`, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

export function parse(text: string) {
  return JSON.parse(text);
}

export interface Searched {
  readonly sid: string;
  readonly job: Readonly<Record<string, unknown>>;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Without DEBUG. */
  readonly messages: readonly string[];
}

/** A job from the POST to its rows; refuses what isn't a 201. */
export async function search(
  splunkd: Splunkd,
  spl: string,
  params: Readonly<Record<string, string>> = {},
): Promise<Searched> {
  const created = await ask(splunkd, '/services/search/v2/jobs?output_mode=json', { search: spl, ...params });
  if (created.status !== 201) throw new Error(`${created.status}: ${created.text}`);
  const { sid } = parse(created.text);
  const path = `/services/search/v2/jobs/${encodeURIComponent(sid)}`;
  let { content } = parse((await ask(splunkd, `${path}?output_mode=json`)).text).entry[0];
  for (let look = 0; look < 10 && content.isDone === false; look++) {
    ({ content } = parse((await ask(splunkd, `${path}?output_mode=json`)).text).entry[0]);
  }
  const results = parse((await ask(splunkd, `${path}/results?output_mode=json&count=0`)).text);
  const messages: readonly { readonly type: string; readonly text: string }[] = content.messages;
  return {
    sid,
    job: content,
    rows: results.results,
    messages: messages.filter(({ type }) => type !== 'DEBUG').map(({ type, text }) => `${type} ${text}`),
  };
}
