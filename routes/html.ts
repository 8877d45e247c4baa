/** The few pages that the API serves itself. No scripts, one style sheet, no other origin. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** @param main HTML, escaped by the caller */
export function htmlPage(title: string, main: string, status = 200): Response {
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Berth</title>
<link rel="stylesheet" href="/docs/page.css">
<main>
${main}
</main>
</html>
`;
  return new Response(page, { status, headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" } });
}

export const PAGE_CSS = `:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 6rem; }
h1 { font-size: 1.6rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid #8886; padding-bottom: .3rem; }
code, pre { font: 14px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; background: #8881; padding: .75rem 1rem; border-radius: .5rem; }
details { margin: .4rem 0; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.5rem; font-family: ui-monospace, monospace; }
details > div { padding: .25rem 0 1rem 1.25rem; }
nav a { margin-right: 1rem; }
`;
