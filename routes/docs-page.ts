/** The API's description as HTML: what can be called, by group, and the schemas. */
import { escapeHtml, prose } from "./html.ts";
import { schemaTable, typeOf, type Schema } from "./docs-schema.ts";
import type { OpenApiDocument } from "./openapi.ts";

interface Content {
  readonly schema?: Schema;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

interface Answer {
  readonly description?: string;
  readonly content?: Readonly<Record<string, Content>>;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, Content>> };
  readonly responses?: Readonly<Record<string, Answer>>;
}

interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** How a caller says who they are, in words. */
const CALLERS: Readonly<Record<string, string>> = {
  apiKey: "API key",
  signIn: "sign-in",
  ticket: "one-use ticket",
  sandboxToken: "a sandbox's token",
  operatorToken: "the operator's token",
};

export function renderDocs(document: OpenApiDocument): string {
  const endpoints = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]): Endpoint => ({ method: methodOf(method, operation), path, operation })),
  );
  const groups = (document.tags ?? []).map(({ name, description }) => ({ name, description, own: endpoints.filter(({ operation }) => operation.tags?.includes(name)) }));
  const schemas = Object.entries(document.components?.schemas ?? {}) as [string, Schema][];
  const contents = groups.map(({ name, own }) => `<a href="#${anchor(name)}">${escapeHtml(name)} <small>${own.length}</small></a>`).join("");
  return `<nav class="contents" aria-label="Contents">
<strong>Berth API</strong>
${contents}<a href="#schemas">Schemas <small>${schemas.length}</small></a>
<a class="apart" href="/openapi.json">openapi.json</a><a href="/">Open Berth</a>
</nav>
<div class="text">
<h1>Berth API <small>${escapeHtml(document.info.version)}</small></h1>
${prose(document.info.description ?? "")}
${groups.map(({ name, description, own }) => `<section><h2 id="${anchor(name)}">${escapeHtml(name)}</h2>${prose(description ?? "")}${own.map(renderEndpoint).join("")}</section>`).join("\n")}
<section><h2 id="schemas">Schemas</h2>${schemas.map(renderSchema).join("")}</section>
</div>`;
}

/** An upgrade is a GET to OpenAPI, and something else to who calls it. */
function methodOf(method: string, { responses }: Operation): string {
  return responses?.["101"] ? "ws" : method;
}

function anchor(name: string): string {
  return escapeHtml(name.toLowerCase().replace(/[^a-z0-9]+/g, "-"));
}

function renderEndpoint({ method, path, operation }: Endpoint): string {
  const { summary = "", description = "", parameters = [], requestBody, responses = {} } = operation;
  const body = schemaIn(requestBody?.content);
  const bodyPart = body ? `<h3>Body</h3>${body.$ref ? `<p>${typeOf(body)}</p>` : schemaTable(body)}` : "";
  return `<details class="endpoint">
<summary><b class="method ${escapeHtml(method)}">${escapeHtml(method)}</b> <code>${escapeHtml(path)}</code> <span>${escapeHtml(summary)}</span></summary>
<div>${prose(description)}<p class="access">${escapeHtml(accessOf(operation))}</p>${parameterTable(parameters)}${bodyPart}${answerTable(responses)}</div>
</details>`;
}

function accessOf({ security = [] }: Operation): string {
  const names = security.flatMap((scheme) => Object.keys(scheme)).map((name) => CALLERS[name] ?? name);
  return names.length === 0 ? "Open to everybody." : `Needs ${names.join(" or ")}.`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    ({ name, in: place, required, description, schema = {} }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required ? "" : " <small>optional</small>"}</td><td>${escapeHtml(place)}</td><td>${typeOf(schema)} ${escapeHtml(description ?? schema.description ?? "")}</td></tr>`,
  );
  return `<h3>Parameters</h3><div class="table"><table><thead><tr><th>name</th><th>in</th><th>value</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function answerTable(responses: Readonly<Record<string, Answer>>): string {
  const rows = Object.entries(responses).map(([status, answer]) => {
    const types = Object.entries(answer.content ?? {}).map(([type, { schema }]) => `${schema ? typeOf(schema) : ""} <small>${escapeHtml(type)}</small>`);
    return `<tr><td>${status === "default" ? "otherwise" : `<code>${escapeHtml(status)}</code>`}</td><td>${escapeHtml(answer.description ?? "")}</td><td>${types.join("<br>")}</td></tr>`;
  });
  return `<h3>Answers</h3><div class="table"><table><thead><tr><th>status</th><th>meaning</th><th>content</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** The anchor is inside, since a browser opens what hides the target of a link. */
function renderSchema([name, schema]: [string, Schema]): string {
  return `<details class="schema"><summary><code>${escapeHtml(name)}</code></summary><div id="schema-${escapeHtml(name)}">${schemaTable(schema)}</div></details>`;
}

function schemaIn(content: Readonly<Record<string, Content>> | undefined): Schema | undefined {
  return Object.values(content ?? {})[0]?.schema;
}
