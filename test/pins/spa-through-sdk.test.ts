/**
 * What a person can do on the page, an integrator can do by the API: the page asks the server through the SDK alone, and the
 * SDK has a method for every route except those named here.
 */
import { fileURLToPath } from "node:url";
import { verifies } from "@berth/testkit";
import { transformSync } from "esbuild";
import { expect } from "vitest";
import { ROUTE_POLICIES } from "../../routes/policies.ts";
import { listFiles, read } from "../gates/lib/files.ts";
import { calledMethods, recordRequests, sdkMethods } from "./support/recorded-sdk.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Routes that are not for the SDK, each with who uses it. */
const NOT_FOR_THE_SDK: Readonly<Record<string, string>> = {
  "GET /openapi.json": "generators of clients in other languages",
  "GET /docs": "readers",
  "GET /docs/page.css": "the page of the documentation",
  "GET /sign-in": "a browser that follows the link which the server printed",
  "POST /sign-in": "the page to sign in on",
  "GET /sign-up": "a person who makes an account",
  "POST /sign-up": "the page of that",
  "GET /sign-up/confirm": "a person who opens the link of a mail",
  "POST /sign-up/confirm": "the page of that link",
  "GET /password-reset": "a person who forgot their password",
  "POST /password-reset": "the page of that",
  "POST /password-reset/new": "the page of the link in a mail",
  "GET /password": "a person who is signed in",
  "POST /password": "the page of that",
  "GET /sign-in/:provider": "a person who signs in with an account elsewhere",
  "GET /sign-in/:provider/callback": "the provider, by the person's browser",
  "GET /device": "a person who lets a program have a key",
  "POST /device": "the page of that",
  "GET /invitation": "a person who opens the link of an invitation",
  "POST /invitation": "the page of that link",
  "POST /invitation/account": "the page of that link",
  "POST /internal/bootstrap": "the operator's launcher",
  "POST /internal/secrets/renewal": "the operator's launcher",
  "GET /v1/sandbox/link": "the runtime in a sandbox",
  "GET /v1/sandbox/tunnel": "the runtime in a sandbox",
  "GET /v1/sandbox/secrets": "the runtime in a sandbox",
  "GET /v1/sandbox/environment": "the runtime in a sandbox",
  "GET /v1/sandbox/checkpoint-blobs": "the runtime in a sandbox",
  "GET /v1/sandbox/checkpoint-blobs/:name": "the runtime in a sandbox",
  "PUT /v1/sandbox/checkpoint-blobs/:name": "the runtime in a sandbox",
  "DELETE /v1/sandbox/checkpoint-blobs/:name": "the runtime in a sandbox",
  "GET /v1/broker/model/:provider/*": "the agent in a sandbox",
  "POST /v1/broker/model/:provider/*": "the agent in a sandbox",
  "GET /v1/broker/git/:host/:owner/:repo/*": "git in a sandbox",
  "POST /v1/broker/git/:host/:owner/:repo/*": "git in a sandbox",
  "GET /v1/broker/http/:host/*": "programs in a sandbox",
  "POST /v1/broker/http/:host/*": "programs in a sandbox",
  "PUT /v1/broker/http/:host/*": "programs in a sandbox",
  "PATCH /v1/broker/http/:host/*": "programs in a sandbox",
  "DELETE /v1/broker/http/:host/*": "programs in a sandbox",
};

/** Ways out of a page that are not the SDK. */
const WAYS_OUT: readonly RegExp[] = [
  /\bfetch\b/,
  /\b(WebSocket|WebSocketStream|WebTransport|EventSource|XMLHttpRequest|RTCPeerConnection|Worker|SharedWorker)\b/,
  /\b(sendBeacon|serviceWorker|importScripts)\b/,
  /["'`]\/v1\b/,
];

function waysOut(source: string): string[] {
  // Transformed, so that types and comments do not count.
  const { code } = transformSync(source, { loader: "tsx", format: "esm", target: "esnext", jsx: "automatic", legalComments: "none" });
  return WAYS_OUT.flatMap((pattern) => pattern.exec(code)?.[0] ?? []);
}

function routesOf(requests: Iterable<string>, table: readonly string[]): { readonly used: ReadonlySet<string>; readonly astray: readonly string[] } {
  const patterns = table.map((route) => [route, new RegExp(`^${route.replaceAll(/:\w+/g, "[^/]+").replaceAll("*", ".+")}$`)] as const);
  const used = new Set<string>();
  const astray: string[] = [];
  for (const request of requests) {
    const matching = patterns.filter(([, pattern]) => pattern.test(request)).map(([route]) => route);
    if (matching.length !== 1) astray.push(`${request} is ${matching.join(" and ") || "no route"}`);
    for (const route of matching) used.add(route);
  }
  return { used, astray };
}

verifies("PIN1", "the page has no way to the server but the SDK", () => {
  const files = listFiles(ROOT, ["packages/chat/src"], /\.tsx?$/).filter((path) => !path.endsWith(".d.ts"));
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap((path) => waysOut(read(ROOT, path)).map((found) => `${path}: ${found}`))).toEqual([]);
});

verifies("PIN1", "a way around the SDK would be found", () => {
  const around = [
    'await fetch("/health")',
    "const socket: Socket = new WebSocket(address)",
    "new EventSource(`/events`)",
    'navigator.sendBeacon("/x")',
    'const link = <a href="/v1/sessions">All</a>',
    'globalThis["fetch"]("/health")',
  ];
  expect(around.filter((source) => waysOut(source).length === 0)).toEqual([]);
  expect(waysOut("// fetch\nconst prefetched: typeof fetch | null = null;")).toEqual([]);
});

verifies("PIN1", "every method of the SDK is called here", () => {
  expect(calledMethods.toSorted()).toEqual(sdkMethods().toSorted());
});

verifies("PIN1", "every method of the SDK asks for routes that are there, and every route but the named ones has a method", async () => {
  const recorded = await recordRequests();
  const silent = [...recorded].filter(([, requests]) => requests.length === 0).map(([method]) => method);
  expect(silent).toEqual(["berth.session"]);

  const table = Object.keys(ROUTE_POLICIES);
  const { used, astray } = routesOf([...recorded.values()].flat(), table);
  expect(astray).toEqual([]);
  expect(table.filter((route) => !used.has(route)).toSorted()).toEqual(Object.keys(NOT_FOR_THE_SDK).toSorted());
});

verifies("PIN1", "a request to no route would be found, and a route without a method", () => {
  const { used, astray } = routesOf(["GET /v1/sessions/ses_1/diff", "GET /v1/me"], ["GET /v1/me", "GET /v1/sessions/:sessionId"]);
  expect(astray).toEqual(["GET /v1/sessions/ses_1/diff is no route"]);
  expect([...used]).toEqual(["GET /v1/me"]);
});
