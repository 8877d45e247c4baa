/** The few pages that the API serves itself. No scripts, one style sheet, the chat page's icon, no other origin. */
import { PAGE_POLICY } from "./security-headers.ts";

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

export interface PageOptions {
  readonly status?: number;
  /** A page with a table of contents beside its text. */
  readonly wide?: boolean;
}

/** @param main HTML, escaped by the caller */
export function htmlPage(title: string, main: string, { status = 200, wide = false }: PageOptions = {}): Response {
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Berth</title>
<link rel="icon" href="/berth.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/page.css">
<main${wide ? ' class="wide"' : ""}>
${main}
</main>
</html>
`;
  return new Response(page, { status, headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": PAGE_POLICY } });
}

/** Paragraphs and tables of Markdown, with inline code and bold. */
export function prose(markdown: string): string {
  return markdown
    .split("\n\n")
    .filter((paragraph) => paragraph.trim() !== "")
    .map((paragraph) => (paragraph.startsWith("|") ? table(paragraph) : `<p>${inline(paragraph)}</p>`))
    .join("\n");
}

function table(markdown: string): string {
  const [head = [], , ...body] = markdown.trim().split("\n").map((line) => line.replace(/^\||\|$/g, "").split("|").map((cell) => inline(cell.trim())));
  const row = (cells: readonly string[], tag: string): string => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<div class="table"><table><thead>${row(head, "th")}</thead><tbody>${body.map((cells) => row(cells, "td")).join("")}</tbody></table></div>`;
}

function inline(text: string): string {
  return escapeHtml(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*\*([^*]+)\*\*/g, "<b>$1</b>");
}
