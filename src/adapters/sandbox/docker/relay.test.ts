/** The way out of a sandbox: what is passed on, what is not, and that it breaks when one side does. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { openGate, throughGate } from "../../../../packages/sandbox-runtime/src/gate.ts";
import { Egress } from "./egress.ts";
import { passedPath, Relay } from "./relay.ts";

describe("what is passed", () => {
  test.each([
    ["/v1/sandbox/link", "/v1/sandbox/link"],
    ["/v1/broker/model/demo/chat/completions?a=b", "/v1/broker/model/demo/chat/completions?a=b"],
    ["/v1/broker/git/host/team/app.git/info/refs", "/v1/broker/git/host/team/app.git/info/refs"],
  ])("%s", (target, path) => expect(passedPath(target)).toBe(path));

  test.each(["/", "/v1/me", "/v1/sessions", "/internal/bootstrap", "/v1/broker/../me", "/v1/broker/%2e%2e/me", "/v1/broker//../../me", "/v1/sandbox", "//elsewhere.test/v1/broker/x", "http://elsewhere.test/v1/broker/x", "*", undefined])(
    "not %s",
    (target) => expect(passedPath(target)).toBeNull(),
  );
});

describe("a relay", () => {
  let folder: string;
  let upstream: Server;
  let sockets: WebSocketServer;
  let relay: Relay;
  /** As a container has it, by a short name. */
  let seenFolder: FileHandle;
  let port: number;
  let seen: { readonly method: string; readonly url: string; readonly host: string; readonly body: string }[];

  beforeEach(async () => {
    seen = [];
    // Longer than a socket's name may be.
    folder = join(mkdtempSync(join(tmpdir(), "berth-relay-")), "a".repeat(120));
    upstream = createServer((incoming, response) => {
      void text(incoming).then((body) => {
        seen.push({ method: incoming.method ?? "", url: incoming.url ?? "", host: incoming.headers.host ?? "", body });
        response.writeHead(207, { "x-of": "upstream", "content-type": "text/plain" });
        response.write("first ");
        response.end(`got ${body.length}`);
      });
    });
    sockets = new WebSocketServer({ server: upstream });
    sockets.on("connection", (socket, incoming) => {
      socket.send(`hello ${incoming.url} ${incoming.headers.authorization}`);
      socket.on("message", (data) => socket.send(`echo ${String(data as Buffer)}`));
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    relay = new Relay(folder, `ws://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1/sandbox/link`, new Egress({ allowlist: [], log: () => undefined }, "ses_a-1"));
    await relay.open();
    seenFolder = await open(folder);
    port = await openGate({ socket: `/proc/self/fd/${seenFolder.fd}/socket`, port: 0 });
  });
  afterEach(async () => {
    await relay.close();
    await seenFolder.close();
    for (const client of sockets.clients) client.terminate();
    sockets.close();
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
    rmSync(join(folder, ".."), { recursive: true, force: true });
  });

  function ask(path: string, method = "GET", body = ""): Promise<{ status: number; headers: IncomingMessage["headers"]; body: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: "127.0.0.1", port, path, method, headers: { "x-of": "client" } }, (response) => {
        void text(response).then((said) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: said }), reject);
      });
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  }

  test("passes a request with its body on and its answer back, in pieces as they come", async () => {
    const body = "x".repeat(300_000);
    expect(await ask("/v1/broker/model/demo/x?y=z", "POST", body)).toMatchObject({ status: 207, headers: { "x-of": "upstream" }, body: "first got 300000" });
    expect(seen).toMatchObject([{ method: "POST", url: "/v1/broker/model/demo/x?y=z", body, host: expect.stringMatching(/^127\.0\.0\.1:\d+$/) }]);
  });

  test("refuses what is no sandbox's business before anybody hears of it", async () => {
    expect((await ask("/v1/sessions")).status).toBe(403);
    expect((await ask("/v1/broker/%2e%2e/me")).status).toBe(403);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/sessions/ses_a/stream`);
    expect(await new Promise((resolve) => socket.once("error", (error) => resolve(error.message)))).toContain("403");
    expect(seen).toEqual([]);
  });

  test("passes the link through, both ways, and ends it when the control plane does", async () => {
    const socket = new WebSocket(throughGate("ws://elsewhere.test/v1/sandbox/link", port), { headers: { authorization: "Bearer example" } });
    const heard: string[] = [];
    socket.on("message", (data) => heard.push(String(data as Buffer)));
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send("there");
    await expect.poll(() => heard).toEqual(["hello /v1/sandbox/link Bearer example", "echo there"]);
    for (const client of sockets.clients) client.terminate();
    expect(await closed).toBe(1006);
  });

  test("says so when the control plane is away, and is gone with its folder when it is closed", async () => {
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
    expect((await ask("/v1/broker/http/host/")).status).toBe(502);
    await relay.close();
    expect(existsSync(folder)).toBe(false);
    await expect(ask("/v1/broker/http/host/")).rejects.toThrow();
  });
});
