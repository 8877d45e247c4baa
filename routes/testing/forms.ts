/** Forms of Berth's own pages, as a browser sends them, and what a test looks for on a page. */
import type { Edge } from "./edge.ts";

/** Our pages send no referrer, and so their forms no origin. */
export const HERE = { origin: "null", "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" };

export function postForm(edge: Edge, path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return edge.ask(`POST ${path}`, { key: null, raw: new URLSearchParams(fields).toString(), headers: { ...HERE, ...headers } });
}

export async function pageText(edge: Edge, path: string, headers: Record<string, string> = {}): Promise<string> {
  return (await edge.ask(`GET ${path}`, { key: null, headers })).text();
}

/** What the browser sends back from then on. */
export function cookieOf(response: Response): { readonly cookie: string } {
  return { cookie: response.headers.getSetCookie().map((each) => each.split(";")[0]).join("; ") };
}

export function alertOf(html: string): string | undefined {
  return /role="alert">([^<]*)</.exec(html)?.[1];
}
