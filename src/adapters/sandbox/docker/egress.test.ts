/** The proxy behind a sandbox's socket: what it connects to, at which address, what it says to all else, and when it ends. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, request, type IncomingHttpHeaders } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openGate } from "../../../../packages/sandbox-runtime/src/gate.ts";
import { readAllowlist } from "../../../core/egress/allowlist.ts";
import { Egress, type EgressOptions } from "./egress.ts";
import { isOutside } from "./outside.ts";
import { Relay } from "./relay.ts";

/** Where the stand-ins listen; nothing else of this machine may be connected to. */
const ALLOWED = "127.0.0.1";

let folder = "";
let relays: Relay[] = [];
let servers: Server[] = [];
let sockets: Socket[] = [];
/** Names that were resolved. */
let asked: string[] = [];
let logged: object[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-egress-"));
  [relays, servers, sockets, asked, logged] = [[], [], [], [], []];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const relay of relays) await relay.close();
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, ALLOWED, resolve));
  return (server.address() as AddressInfo).port;
}

/** Says what it hears. */
const echo = (): Promise<number> => listen(createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => undefined).pipe(socket)));

/** Opens the way out for a list of hosts, each of which leads to the stand-ins. */
async function open(list: string, part: Partial<EgressOptions> = {}): Promise<void> {
  const resolve = (host: string): Promise<readonly string[]> => {
    asked.push(host);
    return Promise.resolve([ALLOWED]);
  };
  const egress = new Egress({ allowlist: readAllowlist(list), log: (entry) => logged.push(entry), resolve, mayConnect: (address) => address === ALLOWED, ...part }, "ses_a-1");
  const relay = new Relay(join(folder, "gate"), "ws://127.0.0.1:9/v1/sandbox/link", egress);
  relays.push(relay);
  await relay.open();
}

async function dial(): Promise<Socket> {
  const port = await openGate({ socket: join(folder, "gate", "socket"), port: 0 });
  const socket = connect({ host: ALLOWED, port, allowHalfOpen: true });
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

/** By way of the sandbox's own gate: a tunnel, or the answer of who did not make it. */
async function tunnel(authority: string, first = ""): Promise<{ readonly socket: Socket; readonly head: string }> {
  const socket = await dial();
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n${first}`);
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const [chunk] = (await Promise.race([once(socket, "data"), once(socket, "end").then(() => [null])])) as [Buffer | null];
    if (chunk === null) break;
    head += chunk.toString("latin1");
  }
  return { socket, head };
}

interface Page {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function page(address: string, { method = "GET", body = "", headers = {} }: { readonly method?: string; readonly body?: string; readonly headers?: Record<string, string> } = {}): Promise<Page> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: join(folder, "gate", "socket"), path: address, method, headers, agent: false }, (answer) => {
      void text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, reason: answer.statusMessage ?? "", headers: answer.headers, body: said }), reject);
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

describe("what is allowed", () => {
  test("[EGR2] a tunnel carries both ways, what came with the question included, and each side may end its half", async () => {
    const port = await echo();
    await open(`*.pages.example:${port}`);
    const { socket, head } = await tunnel(`a.pages.example:${port}`, "early ");
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    socket.end("late");
    const rest = await text(socket);
    expect(head.split("\r\n\r\n")[1] + rest).toBe("early late");
  });

  test("[EGR2] a page is passed with its method, body and headers, without those of the way", async () => {
    const seen: object[] = [];
    const port = await listen(
      createHttpServer((incoming, response) => {
        void text(incoming).then((body) => {
          seen.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, body });
          response.writeHead(207, "Of its own", { "set-cookie": ["a=1", "b=2"] }).end("hello");
        });
      }),
    );
    await open(`pages.example:${port}`);
    const answer = await page(`http://user:word@Pages.example:${port}/a/../b?c=d#e`, { method: "PUT", body: "x".repeat(200_000), headers: { "proxy-authorization": "Basic example", "x-own": "yes", host: "elsewhere.example" } });
    expect(answer).toMatchObject({ status: 207, reason: "Of its own", body: "hello", headers: { "set-cookie": ["a=1", "b=2"] } });
    const [only] = seen as [{ headers: object }];
    expect(only).toMatchObject({ method: "PUT", url: "/b?c=d", body: "x".repeat(200_000), headers: { "x-own": "yes", host: `pages.example:${port}` } });
    expect(only.headers).not.toHaveProperty("proxy-authorization");
  });

  test("[EGR2] a host that is away is said to be", async () => {
    const port = await echo();
    const [gone] = servers.splice(0);
    await new Promise((resolve) => gone?.close(resolve));
    await open(`pages.example:${port}`);
    expect((await tunnel(`pages.example:${port}`)).head).toMatch(/^HTTP\/1\.1 502 [\s\S]*pages\.example:\d+ cannot be reached\.\n$/);
    expect(await page(`http://pages.example:${port}/`)).toMatchObject({ status: 502, body: `pages.example:${port} cannot be reached.\n` });
  });

  test.each(["HTTP/1.1 099 Odd\r\n\r\n", "HTTP/1.1 150 Odd\r\n\r\n", "no answer at all\r\n\r\n", ""])("[EGR7] a host that answers %j breaks nothing but that request", async (said) => {
    const port = await listen(createServer((socket) => socket.on("error", () => undefined).once("data", () => socket.end(said))));
    await open(`pages.example:${port}`);
    expect((await page(`http://pages.example:${port}/`)).status).toBe(502);
    expect((await page("http://evil.example/")).status).toBe(403);
  });
});

describe("what is not", () => {
  test.each(["evil.example:443", "pages.example:22", "sub.pages.example:443", "localhost:443", "127.0.0.1:443", "[::1]:443", "169.254.169.254:80", "2130706433:80", "0x7f.1:443"])("[EGR3][EGR4][EGR6] a tunnel to %s is refused with what would allow it, and no name is resolved", async (authority) => {
    await open("pages.example");
    const { head } = await tunnel(authority);
    expect(head).toMatch(/^HTTP\/1\.1 403 .+ is not on this instance's list of hosts\. .+SANDBOX_EGRESS=default,/);
    expect(asked).toEqual([]);
  });

  test("[EGR6] the answer is the same in words, for a page too", async () => {
    await open("none");
    const words = "evil.example:8080 is not on this instance's list of hosts. Whoever runs it can allow it: SANDBOX_EGRESS=default,evil.example:8080";
    expect(await page("http://EVIL.example:8080/secret?of=it", { method: "POST", body: "secret" })).toMatchObject({ status: 403, reason: words, body: `${words}\n` });
    expect((await tunnel("evil.example:8080")).head).toContain(`HTTP/1.1 403 ${words}\r\n`);
  });

  test.each(["pages.example", "pages.example:", "pages.example:x", "user@pages.example:443", "/v1/broker/x:443"])("[EGR3] a tunnel to %s is none", async (authority) => {
    await open("pages.example");
    expect((await tunnel(authority)).head).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(["https://pages.example/", "ftp://pages.example/", "http://pages_.example/", "http://pages.example:0/"])("[EGR3] a page at %s is none", async (address) => {
    await open("pages.example");
    expect((await page(address)).status).toBe(400);
    expect(asked).toEqual([]);
  });
});

describe("addresses", () => {
  test.each(["127.0.0.1", "10.1.2.3", "100.64.0.1", "169.254.169.254", "168.63.129.16", "192.168.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1", "fd00:ec2::254", "fe80::1", "64:ff9b::a9fe:a9fe"])("[EGR4] an allowed name that leads to %s is refused", async (address) => {
    await open("pages.example", { resolve: () => Promise.resolve([address]), mayConnect: (found) => isOutside(found) });
    expect((await tunnel("pages.example:443")).head).toMatch(/^HTTP\/1\.1 403 pages\.example:443 leads inside/);
    expect((await page("http://pages.example/")).status).toBe(403);
  });

  test("[EGR4] so is one that leads to this machine by a public address of it", () => {
    const own = ["93.184.215.14", "2606:4700::1111"];
    expect(["93.184.215.14", "::ffff:93.184.215.14", "2606:4700:0::1111"].map((address) => isOutside(address, own))).toEqual([false, false, false]);
    expect(["93.184.215.15", "2606:4700::1112"].map((address) => isOutside(address, own))).toEqual([true, true]);
  });

  test("[EGR5] of several addresses only those that were judged are tried, and a name is resolved once", async () => {
    const port = await echo();
    // The next answer would be another one.
    const answers = [["127.0.0.9", ALLOWED], ["127.0.0.9"]];
    let resolved = 0;
    await open(`pages.example:${port}`, { resolve: () => Promise.resolve(answers[resolved++] ?? []) });
    const { socket, head } = await tunnel(`pages.example:${port}`);
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    socket.end("through");
    expect(await text(socket)).toBe("through");
    expect(resolved).toBe(1);
    expect((await tunnel(`pages.example:${port}`)).head).toMatch(/^HTTP\/1\.1 403 /);
    expect((await tunnel(`pages.example:${port}`)).head).toMatch(/^HTTP\/1\.1 502 /);
  });
});

describe("limits", () => {
  test("[EGR7] one connection more than may be is refused, until one ends", async () => {
    const port = await echo();
    await open(`pages.example:${port}`, { connectionsMax: 2 });
    const [first, second] = [await tunnel(`pages.example:${port}`), await tunnel(`pages.example:${port}`)];
    expect((await tunnel(`pages.example:${port}`)).head).toMatch(/^HTTP\/1\.1 503 [\s\S]*as many as it may/);
    expect((await page(`http://pages.example:${port}/`)).status).toBe(503);
    first.socket.destroy();
    await expect.poll(async () => (await tunnel(`pages.example:${port}`)).head.slice(0, 12)).toBe("HTTP/1.1 200");
    second.socket.destroy();
  });

  test("[EGR7] a tunnel that nothing passes through ends", async () => {
    const port = await echo();
    await open(`pages.example:${port}`, { idleMs: 100 });
    expect(await text((await tunnel(`pages.example:${port}`)).socket)).toBe("");
  });

  test("[EGR7] a tunnel whose other side breaks off ends", async () => {
    const port = await echo();
    await open(`pages.example:${port}`);
    const { socket } = await tunnel(`pages.example:${port}`);
    for (const other of sockets.filter(({ localPort }) => localPort === port)) other.resetAndDestroy();
    expect(await text(socket)).toBe("");
  });

  test("[EGR7] headers past the limit are refused", async () => {
    await open("pages.example");
    expect((await page("http://pages.example/", { headers: { "x-long": "a".repeat(20_000) } })).status).toBe(431);
  });

  test("[EGR8] each host is logged once and every refusal counted, without anything that was sent", async () => {
    await open("none");
    for (const address of ["http://evil.example/path-of-it", "http://evil.example/", "http://other.example/"]) await page(address, { method: "POST", body: "body-of-it" });
    expect(logged).toMatchObject([{ event: "egress-refused", sandbox: "ses_a-1", host: "evil.example:80" }, { event: "egress-refused", host: "other.example:80" }]);
    await relays.pop()?.close();
    expect(logged.at(-1)).toEqual({ event: "egress-ended", sandbox: "ses_a-1", refusals: 3 });
    expect(JSON.stringify(logged)).not.toContain("of-it");
  });
});
