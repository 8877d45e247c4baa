/** The OpenAPI document, and a page that shows it. */
import { escapeHtml, htmlPage, PAGE_CSS } from "./html.ts";
import { makeDocument, type OpenApiDocument } from "./openapi.ts";
import { json } from "./paging.ts";
import { createSubApp, route, type App } from "./route.ts";

const common = { method: "get", policy: "public", scope: null, tag: "Instance" } as const;

/** @param root the app whose routes are documented; read at the first request, when all are mounted */
export function createDocs(root: App): App {
  const app = createSubApp();
  let document: OpenApiDocument | null = null;
  const documentOf = (version: string): OpenApiDocument => (document ??= makeDocument(root, version));

  route(
    app,
    { ...common, path: "/openapi.json", summary: "This document", success: { status: 200, description: "OpenAPI 3.1" } },
    ({ services }) => json(documentOf(services.version)),
  );
  route(
    app,
    { ...common, path: "/docs", summary: "This document as a page", success: { status: 200, description: "HTML" } },
    ({ services }) => htmlPage("API", render(documentOf(services.version))),
  );
  route(
    app,
    { ...common, path: "/docs/page.css", summary: "The style of the pages", success: { status: 200, description: "CSS" } },
    () => new Response(PAGE_CSS, { headers: { "content-type": "text/css; charset=utf-8", "cache-control": "max-age=3600" } }),
  );
  return app;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
  readonly responses?: unknown;
}

function render(document: OpenApiDocument): string {
  const tags = document.tags ?? [];
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ method, path, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags?.includes(name));
    return `<h2 id="${escapeHtml(name)}">${escapeHtml(name)}</h2>${prose(description ?? "")}${own.map(renderOperation).join("")}`;
  });
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) => `<details id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary>${code(schema)}</details>`,
  );
  const links = tags.map(({ name }) => `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a>`).join("");
  const head = `<h1>Berth API ${escapeHtml(document.info.version)}</h1><nav>${links}<a href="#schemas">Schemas</a><a href="/openapi.json">openapi.json</a></nav>`;
  return `${head}${prose(document.info.description ?? "")}${sections.join("")}<h2 id="schemas">Schemas</h2>${schemas.join("")}`;
}

function renderOperation({ method, path, operation }: { method: string; path: string; operation: Operation }): string {
  const parts: readonly (readonly [string, unknown])[] = [
    ["Parameters", operation.parameters],
    ["Body", operation.requestBody],
    ["Answers", operation.responses],
  ];
  const details = parts.flatMap(([title, value]) => (value === undefined ? [] : [`<p>${title}</p>${code(value)}`])).join("");
  const summary = `<b>${escapeHtml(method.toUpperCase())}</b> <code>${escapeHtml(path)}</code> ${escapeHtml(operation.summary ?? "")}`;
  return `<details><summary>${summary}</summary><div>${prose(operation.description ?? "")}${details}</div></details>`;
}

/** Paragraphs, tables kept as they are written; inline code and bold are marked. */
function prose(markdown: string): string {
  return markdown
    .split("\n\n")
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => (paragraph.startsWith("|") ? `<pre>${escapeHtml(paragraph)}</pre>` : `<p>${inline(escapeHtml(paragraph))}</p>`))
    .join("");
}

function inline(html: string): string {
  return html.replace(/`([^`]+)`/g, "<code>$1</code>").replace(/\*\*([^*]+)\*\*/g, "<b>$1</b>");
}

function code(value: unknown): string {
  return `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;
}
