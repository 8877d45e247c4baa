/** The OpenAPI document, and a page that shows it. */
import { renderDocs } from "./docs-page.ts";
import { htmlPage } from "./html.ts";
import { makeDocument, type OpenApiDocument } from "./openapi.ts";
import { FORM_CSS } from "./form-css.ts";
import { PAGE_CSS } from "./page-css.ts";
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
    ({ services }) => htmlPage("API", renderDocs(documentOf(services.version)), { wide: true }),
  );
  route(
    app,
    { ...common, path: "/docs/page.css", summary: "The style of the pages", success: { status: 200, description: "CSS" } },
    () => new Response(PAGE_CSS + FORM_CSS, { headers: { "content-type": "text/css; charset=utf-8", "cache-control": "max-age=3600" } }),
  );
  return app;
}
