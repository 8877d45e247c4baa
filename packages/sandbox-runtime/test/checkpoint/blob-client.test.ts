/** The client of the blobs against a real server that fails as servers do. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBlobClient } from "../../src/checkpoint/blob-client.ts";
import type { Blobs } from "../../src/checkpoint/archive.ts";

let server: Server;
let blobs: Blobs;
/** What each call gets in place of an answer, in order. */
let failures: ((response: ServerResponse) => void)[] = [];
const stored = new Map<string, Buffer>();
const calls: string[] = [];

beforeEach(async () => {
  failures = [];
  stored.clear();
  calls.length = 0;
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  blobs = createBlobClient({ linkUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/sandbox/link`, token: "example" });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? "", "http://server.invalid");
  calls.push(`${request.method} ${pathname} ${request.headers.authorization} ${request.headers["content-length"] ?? "-"}`);
  const fail = failures.shift();
  if (fail) return fail(response);
  const name = pathname.slice("/v1/sandbox/checkpoint-blobs/".length);
  if (request.method === "PUT") stored.set(name, Buffer.concat(pieces));
  if (request.method === "DELETE") stored.delete(name);
  if (request.method !== "GET") return void response.writeHead(204).end();
  if (name === "") return list(searchParams.get("after"), response);
  const found = stored.get(name);
  response.writeHead(found ? 200 : 404).end(found);
}

/** Two to a page. */
function list(after: string | null, response: ServerResponse): void {
  const names = [...stored.keys()].toSorted().filter((name) => after === null || name > after);
  const items = names.slice(0, 2).map((name) => ({ name, bytes: stored.get(name)?.length }));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ items, next: names.length > 2 ? names[1] : null }));
}

const refuse = (status: number, body: object) => (response: ServerResponse) => void response.writeHead(status).end(JSON.stringify(body));
const cut = (response: ServerResponse): void => void response.destroy();

describe("the client of a session's blobs", () => {
  test("[CHK11] speaks with the sandbox's own token, at the address of the link, and says how long a blob is", async () => {
    await blobs.put("a", Buffer.from("one"));
    expect(calls).toEqual(["PUT /v1/sandbox/checkpoint-blobs/a Bearer example 3"]);
    expect(Buffer.from((await blobs.get("a")) ?? []).toString()).toBe("one");
    await blobs.delete("a");
    expect(await blobs.get("a")).toBeNull();
  });

  test("[CHK6] lists every page", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) await blobs.put(name, Buffer.from(name));
    expect((await blobs.list()).map(({ name, bytes }) => `${name}${bytes}`)).toEqual(["a1", "b1", "c1", "d1", "e1"]);
  });

  test("[CHK7] asks again where an answer may come in a moment", async () => {
    failures = [cut, refuse(503, {})];
    await blobs.put("a", Buffer.from("one"));
    expect(stored.get("a")?.toString()).toBe("one");
    expect(calls).toHaveLength(3);
  });

  test("[CHK7] says so when none comes", async () => {
    failures = [cut, cut, cut];
    await expect(blobs.put("a", Buffer.from("one"))).rejects.toMatchObject({ isOver: false, failure: { code: "checkpoint-store-unreachable" } });
    failures = [refuse(500, {}), refuse(502, {}), refuse(429, {})];
    await expect(blobs.get("a")).rejects.toMatchObject({ failure: { code: "checkpoint-store-unreachable" } });
  });

  test("[CHK7] a refusal is passed on as it was said, and is final", async () => {
    failures = [refuse(409, { detail: "Too many.", fix: "Delete some." })];
    await expect(blobs.put("a", Buffer.from("one"))).rejects.toMatchObject({ isOver: false, failure: { code: "checkpoint-refused", message: "Too many.", fix: "Delete some." } });
    failures = [refuse(401, { detail: "It has a newer sandbox." })];
    await expect(blobs.put("a", Buffer.from("one"))).rejects.toMatchObject({ isOver: true, failure: { code: "checkpoint-revoked" } });
    expect(calls).toHaveLength(2);
  });
});
