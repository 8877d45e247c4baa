/** What is mounted, what the table of policies says, and what the OpenAPI document says are the same. */
import { CLIENT_ACTIONS, EVENT_TYPES } from "@berth/protocol";
import { expect, test } from "vitest";
import { ROUTE_POLICIES } from "./policies.ts";
import { listRoutes } from "./route.ts";
import { Edge } from "./testing/edge.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string; security: unknown; responses: Record<string, unknown> }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly securitySchemes: Readonly<Record<string, unknown>> };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
}

test("every mounted route has its policy in the table, and every row of the table is mounted", () => {
  const mounted = listRoutes(new Edge().app).map(({ method, path, access }) => [`${method} ${path}`, access]);
  expect(new Set(mounted.map(([line]) => line)).size).toBe(mounted.length);
  expect(Object.fromEntries(mounted)).toEqual(ROUTE_POLICIES);
});

test("nothing under /v1 is open to everyone", () => {
  const open = Object.entries(ROUTE_POLICIES).filter(([line, { policy }]) => line.includes(" /v1/") && policy === "public");
  expect(open).toEqual([]);
});

test("a POST of a principal says what a repeat does", async () => {
  const { paths } = await new Edge().json<Document>("GET /openapi.json");
  for (const line of Object.keys(ROUTE_POLICIES).filter((each) => each.startsWith("POST /v1/") && !each.includes("broker"))) {
    const path = line.slice("POST ".length).replaceAll(/:([A-Za-z]+)/g, "{$1}");
    expect(JSON.stringify(paths[path]?.["post"]), line).toContain("Idempotency-Key");
  }
});

test("every route under /v1 is in the OpenAPI document, and nothing else is under /v1 there", async () => {
  const { paths } = await new Edge().json<Document>("GET /openapi.json", { key: null });
  const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const expected = Object.keys(ROUTE_POLICIES).map((line) => line.replaceAll(/:([A-Za-z]+)/g, "{$1}").replace(/\*$/, "{path}"));
  expect(described.sort()).toEqual(expected.sort());
});

test("the document is sound: references resolve, parameters match the path, operations have their own names", async () => {
  const document = await new Edge().json<Document>("GET /openapi.json");
  expect(document.openapi).toBe("3.1.0");
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) expect(document.components.schemas).toHaveProperty([name ?? ""]);
  expect(text.match(/"\$ref":"(?!#\/)/g)).toBeNull();
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.values(methods).map((operation) => ({ path, operation })));
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { path, operation } of operations) {
    const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
    const declared = ((operation as { parameters?: { in: string; name: string }[] }).parameters ?? []).filter((parameter) => parameter.in === "path").map(({ name }) => name);
    expect(declared, path).toEqual(inPath);
    for (const scheme of operation.security as Record<string, unknown>[]) expect(document.components.securitySchemes).toHaveProperty(Object.keys(scheme));
    expect(Object.keys(operation.responses)).toContain("default");
  }
  expect(text).not.toContain('$/i"');
});

test("the document has the event catalogue and the socket's frames", async () => {
  const { components, tags } = await new Edge().json<Document>("GET /openapi.json");
  for (const type of EVENT_TYPES) expect(components.schemas).toHaveProperty([`Event_${type}`]);
  for (const name of ["ClientFrame", "ServerFrame", "Delta", "Session", "Problem"]) expect(components.schemas).toHaveProperty([name]);
  for (const action of Object.keys(CLIENT_ACTIONS)) expect(JSON.stringify(components.schemas["ClientFrame"])).toContain(`"${action}"`);
  expect(tags.find(({ name }) => name === "Events")?.description).toContain("part.ended");
});

test("the docs page shows every route and loads nothing from elsewhere", async () => {
  const edge = new Edge();
  const page = await (await edge.ask("GET /docs", { key: null })).text();
  for (const line of Object.keys(ROUTE_POLICIES)) expect(page).toContain(line.split(" ")[1]?.replaceAll(/:([A-Za-z]+)/g, "{$1}").replace(/\*$/, "{path}"));
  expect(page).not.toMatch(/<script|https?:\/\/(?!berth\.dev)|style=/);
  expect((await edge.ask("GET /docs/page.css", { key: null })).headers.get("content-type")).toContain("text/css");
});
