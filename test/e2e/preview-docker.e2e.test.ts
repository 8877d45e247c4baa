/** The same preview of a container, whose loopback is its own and whose one way out is the socket that the tunnel goes by. */
import { suiteNeeds } from "@berth/testkit/needs";
import type { SessionClient } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cameTo, dial, heard, openPreview, serve, visit } from "./support/preview-visitor.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

const PORT = 3000;

suiteNeeds("docker", "sandbox-image")("previews of containers", () => {
  let stack: TestStack;
  let session: SessionClient;

  beforeAll(async () => {
    stack = await startTestStack({ sandboxBackends: ["docker"] });
    session = await stack.idleSession();
    await serve(session, PORT);
  });

  afterAll(async () => {
    await stack?.end();
  });

  test("[WSP20] requests, answers and WebSockets pass to a port that nothing outside of the container can reach", async () => {
    const { origin, cookie } = await openPreview(session, PORT);
    expect((await visit(origin, { headers: { cookie } })).text).toContain("Shop of first");
    const echoed = await visit(`${origin}/echo`, { method: "POST", headers: { cookie }, body: "x".repeat(3_000_000) });
    expect([echoed.status, echoed.text.length]).toEqual([200, 3_000_000]);
    const socket = await dial(`${origin}/ws`, { cookie, origin }, ["shop"]);
    if (typeof socket === "number") throw new Error(`refused with ${socket}`);
    socket.send("hello");
    expect([socket.protocol, await heard(socket)]).toEqual(["shop", "echo hello"]);
    socket.close();
  });

  test("[PRT4] what its own programs listen on is listed", async () => {
    expect(await session.ports()).toEqual([{ port: PORT, program: "node" }]);
  });

  test("[WSP16] without the cookie, and with that of another container's same port, 0 bytes come to what is served", async () => {
    const other = await stack.idleSession();
    await serve(other, PORT, "second");
    const [mine, theirs] = [await openPreview(session, PORT), await openPreview(other, PORT)];
    expect((await visit(theirs.origin, { headers: { cookie: theirs.cookie } })).text).toContain("Shop of second");
    const before = await cameTo(session, PORT);
    for (const headers of [{}, { cookie: theirs.cookie }]) {
      expect((await visit(`${mine.origin}/echo`, { method: "POST", headers, body: "smuggled" })).status).toBe(401);
      expect(await dial(`${mine.origin}/ws`, headers)).toBe(401);
    }
    expect(await cameTo(session, PORT)).toBe(before);
  });
});
