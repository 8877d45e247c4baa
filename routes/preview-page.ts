/** What a browser shows in the place of a preview: what is the matter, and what to do. No script, and nothing from elsewhere. */
import type { Problem } from "@berth/protocol";
import { escapeHtml } from "./html.ts";

const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--ink:#1a1d1f;--soft:#565c61;--line:#d8dad9;--act:#0c6577}
@media (prefers-color-scheme:dark){:root{--bg:#16191a;--ink:#eceeee;--soft:#a3a9ab;--line:#3a3f42;--act:#6cc5d6}}
body{margin:0;min-height:100dvh;display:grid;place-items:center;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:30rem;padding:2rem}
h1{font-size:1.25rem;margin:0 0 .5rem}
p{margin:0 0 1rem;color:var(--soft)}
nav{display:flex;gap:1.25rem;border-top:1px solid var(--line);padding-top:1rem}
a{color:var(--act)}`;

const HEADINGS: Readonly<Record<number, string>> = {
  401: "This preview is closed",
  403: "You may not open this preview",
  404: "There is no such preview",
  409: "The sandbox is asleep",
  502: "Nothing to show yet",
  503: "The sandbox does not answer",
};

/** @param session where it is on Berth's own page */
export function previewProblemPage({ status, detail, fix }: Problem, session: string): Response {
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${HEADINGS[status] ?? "This preview cannot be shown"}</title>
<style>${STYLE}</style>
<main>
<h1>${HEADINGS[status] ?? "This preview cannot be shown"}</h1>
<p>${escapeHtml(detail)}${fix === undefined ? "" : ` ${escapeHtml(fix)}`}</p>
<nav><a href="${escapeHtml(session)}">Go to the session</a>${status === 401 || status === 403 ? "" : '<a href="">Reload</a>'}</nav>
</main>
</html>
`;
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return new Response(page, { status, headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": policy, "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" } });
}
