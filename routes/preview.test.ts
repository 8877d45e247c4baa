/** The gateway at its edge: what it takes for a preview, and what it hands to a session's workspace. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { TUNNEL_TEXT_UNITS_MAX } from "@berth/protocol";
import { PREVIEW_HEADER, type PreviewCall } from "../src/app/http/preview-request.ts";
import type { Services } from "../src/app/services.ts";
import { createAbsentWorkspace } from "../src/app/workspace/workspace-handle.ts";
import { createApp } from "./index.ts";
import { answerPreview } from "./preview.ts";
import { Edge } from "./testing/edge.ts";

const HOST = "3000--ses-0123456789abcdefghjkmnpqrs.preview.example";
const COOKIE = `__Host-berth-preview=wkp_org.${"0".repeat(48)}`;

class Gateway {
  readonly calls: PreviewCall[] = [];
  /** Null: none of these sessions can be. */
  answer: (() => Response) | null = () => new Response("inside");
  readonly #edge = new Edge();
  readonly services: Services = {
    ...this.#edge.services,
    publicUrl: "https://berth.example",
    sandboxUrl: "https://berth.example",
    workspaceDomain: "preview.example",
    clientAddressHeader: "x-client-address",
    workspaces: { of: () => ({ fetch: (request) => this.#fetch(request) }) },
  };

  /** As the server in front of Berth passes it on. */
  ask(path: string, headers: Readonly<Record<string, string>> = {}, { host = HOST, method = "GET" } = {}): Promise<Response | null> {
    return answerPreview(new Request(`http://${host}${path}`, { method, headers: { cookie: COOKIE, ...headers } }), () => this.services);
  }

  async #fetch(request: Request): Promise<Response> {
    if (this.answer === null) return createAbsentWorkspace(() => ({ status: 101, headers: new Headers() }) as Response).fetch(request);
    this.calls.push(JSON.parse(request.headers.get(PREVIEW_HEADER) ?? "") as PreviewCall);
    return this.answer();
  }
}

verifies("WSP16", "a pass that names an organization which the session is not of is refused as any other", async () => {
  const gateway = new Gateway();
  gateway.answer = null;
  expect((await gateway.ask("/"))?.status).toBe(401);
  expect((await gateway.ask("/", { upgrade: "websocket" }))?.status).toBe(401);
});

verifies("WSP21", "a head that the tunnel would not take is refused before it, however it is written", async () => {
  const gateway = new Gateway();
  const many = Object.fromEntries(Array.from({ length: 14_000 }, (_, i) => [`h${i.toString(36)}`, ""]));
  for (const headers of [{ "x-quotes": '"'.repeat(65_000) }, many]) expect((await gateway.ask("/", headers))?.status).toBe(400);
  expect((await gateway.ask(`/${"a".repeat(40_000)}`, { "x-quotes": '"'.repeat(5_000) }))?.status).toBe(200);
  for (const { pass: _, origin: __, ...what } of gateway.calls) expect(JSON.stringify(what).length).toBeLessThan(TUNNEL_TEXT_UNITS_MAX - 1_000);
});

verifies("WSP17", "the address that whoever is in front of Berth tells stays outside, under whatever name they tell it", async () => {
  const gateway = new Gateway();
  await gateway.ask("/", { "x-client-address": "10.0.0.1", "x-own": "yes" });
  expect(gateway.calls[0]?.headers).toEqual([["host", "localhost:3000"], ["x-own", "yes"]]);
});

verifies("WSP17", "a worker of a page may not be where it would hear of tickets", async () => {
  const gateway = new Gateway();
  const script = { "service-worker": "script" };
  for (const path of ["/worker.js", "/.berth/worker.js", "/worker.js?/deeper/"]) expect([path, (await gateway.ask(path, script))?.status]).toEqual([path, 403]);
  expect((await gateway.ask("/static/worker.js", script))?.status).toBe(200);
  expect((await gateway.ask("/worker.js"))?.status).toBe(200);
});

verifies("WSP17", "below the domain of previews nothing of Berth is served, whatever the name", async () => {
  const gateway = new Gateway();
  const app = createApp(() => gateway.services);
  for (const host of ["preview.example", "sign-in.preview.example", "preview.example.", `70000${HOST.slice(4)}`, `a.${HOST}`, `${HOST}.`, HOST.replace("ses-", "ses_"), HOST.toUpperCase()]) {
    const answer = await app.fetch(new Request(`http://${host}/health`));
    expect([host, answer.status]).toEqual([host, host === HOST.toUpperCase() ? 401 : 404]);
  }
  expect((await app.fetch(new Request("http://berth.example/health"))).status).toBe(200);
  expect((await app.fetch(new Request("http://otherpreview.example/health"))).status).toBe(200);
  // On one machine Berth may have a name below `localhost` itself.
  const local = createApp(() => ({ ...gateway.services, publicUrl: "http://berth.localhost:8787", workspaceDomain: "localhost" }));
  const statuses = await Promise.all(["localhost", "berth.localhost:8787", "other.localhost:8787"].map(async (host) => (await local.fetch(new Request(`http://${host}/health`))).status));
  expect(statuses).toEqual([200, 200, 404]);
});
