/** Streams and the log through the app's own routes, over a session on fakes. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { SCOPES, LIMITS, type Problem, type ServerFrame, type SessionEvent } from "@berth/protocol";
import { createApp } from "../../routes/index.ts";
import type { Principal } from "../../src/ports/identity/identity.port.ts";
import { AUTHOR } from "./support/memory-berth.ts";
import { range, SESSION, StreamRig } from "./support/stream-rig.ts";

interface EventPage {
  readonly data: readonly SessionEvent[];
  readonly next: string | null;
  readonly lastSeq: number;
}

/** The app of the rig's instance, asked with a member's key. */
async function appOf({ instance }: StreamRig) {
  const app = createApp(() => instance.services);
  const keyOf = async (orgId: string): Promise<string> => {
    const { userId } = instance.identity.addMember({ orgId, userName: "Ada", role: "owner" });
    const owner: Principal = { kind: "user", userId, userName: "Ada", orgId, orgName: orgId, role: "owner", scopes: [], teamIds: [], keyId: null };
    return (await instance.identity.createApiKey(owner, { name: "test", expiresAtMs: null, scopes: SCOPES })).secret;
  };
  const keys = { org_a: await keyOf("org_a"), org_b: await keyOf("org_b") };
  return (path: string, init: { readonly method?: string; readonly body?: string; readonly headers?: Record<string, string>; readonly org?: "org_a" | "org_b" } = {}) =>
    app.request(`http://berth.memory/v1/sessions/${SESSION.sessionId}${path}`, {
      ...(init.method ? { method: init.method } : {}),
      ...(init.body ? { body: init.body } : {}),
      headers: { authorization: `Bearer ${keys[init.org ?? "org_a"]}`, ...(init.body ? { "content-type": "application/json" } : {}), ...init.headers },
    });
}

verifies("STR7", "pages of JSON follow each other by `next` over archive and rows, from any position", async () => {
  const rig = await StreamRig.running();
  await rig.parts(40);
  await rig.endTurn();
  await rig.settle();
  const ask = await appOf(rig);
  const last = (await rig.log()).length;
  for (const after of [0, 9, 10, 11, 33, last - 1, last]) {
    const seqs: number[] = [];
    let next: string | null = String(after);
    while (next !== null) {
      const page = (await (await ask(`/events?after=${next}&limit=25`)).json()) as EventPage;
      seqs.push(...page.data.map(({ seq }) => seq));
      next = page.next;
    }
    expect(seqs).toEqual(range(after + 1, last));
  }
});

verifies("STR9", "a page that cannot be read now is an error to come again after, and not an end", async () => {
  const rig = await StreamRig.running();
  await rig.parts(40);
  await rig.endTurn();
  await rig.settle();
  const ask = await appOf(rig);
  rig.instance.faults.blobs.arm("blob-store:get:torn-content");
  const refused = await ask("/events?after=0");
  expect([refused.status, refused.headers.get("retry-after"), ((await refused.json()) as Problem).type.split("/").at(-1)]).toEqual([503, "1", "unavailable"]);
  expect(((await (await ask("/events?after=0")).json()) as EventPage).data[0]?.seq).toBe(1);
});

verifies("STR10", "a big output is read whole at the address in its event, by its own organization only, before and after it is stored", async () => {
  const rig = await StreamRig.running();
  const output = `first ${"日本語 🚢 ".repeat(10_000)} last`;
  rig.instance.faults.blobs.arm("blob-store:put:no-room", { times: 1 });
  await rig.tool(output);
  const event = (await rig.log()).findLast(({ type }) => type === "part.ended");
  const tool = event?.type === "part.ended" ? event.data.part.tool : undefined;
  expect(JSON.stringify(event).length).toBeLessThan(100_000);
  const path = tool?.outputRef?.address.replace(`/v1/sessions/${SESSION.sessionId}`, "") ?? "";
  const ask = await appOf(rig);
  const read = async () => {
    const response = await ask(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    return response.text();
  };
  expect(await read()).toBe(output);
  await rig.settle(10_000);
  expect(await rig.keys()).toHaveLength(1);
  expect(await read()).toBe(output);
  expect((await ask(path, { org: "org_b" })).status).toBe(404);
  expect((await ask("/outputs/out_00000000000000000000000000")).status).toBe(404);
  await rig.session.remove(AUTHOR);
  expect((await ask(path)).status).toBe(404);
});

verifies("STR12", "one key is one message over both ways, however its JSON is written, and another message under it is refused", async () => {
  const rig = await StreamRig.running();
  const ask = await appOf(rig);
  const post = (body: string) => ask("/messages", { method: "POST", body, headers: { "idempotency-key": "one" } });
  const first = (await (await post('{"text":"hello"}')).json()) as { id: string };
  expect(await (await post('{ "delivery": "queue",\n "text": "hello" }')).json()).toEqual(first);
  const over = async (text: string): Promise<ServerFrame | undefined> => {
    const frames: ServerFrame[] = [];
    const socket = rig.session.openViewer(AUTHOR, 0, { frame: (frame) => void frames.push(frame), closed: () => undefined });
    await socket.send({ type: "prompt", requestId: "r1", text, idempotencyKey: "one" });
    return frames.findLast((frame) => frame.type === "result" || frame.type === "problem");
  };
  expect(await over("hello")).toMatchObject({ type: "result", value: { id: first.id } });
  expect(await over("goodbye")).toMatchObject({ type: "problem", problem: { status: 422 } });
  expect((await post('{"text":"goodbye"}')).status).toBe(422);
  rig.time.advance(25 * 3_600_000);
  const later = (await (await post('{"text":"hello"}')).json()) as { id: string };
  expect(later.id).not.toBe(first.id);
});

verifies("STR6", "a viewer that joins in the middle gets all that is committed, what is open from its beginning, `synced`, then what comes", async () => {
  const rig = await StreamRig.running();
  await rig.parts(3);
  const partId = await rig.open();
  await rig.delta(partId, 0, "some ");
  const early = rig.view(0);
  await rig.delta(partId, 5, "text ");
  const late = rig.view(0);
  const seen = (await rig.log()).length;
  await rig.delta(partId, 10, "more");
  rig.time.advance(50);
  await rig.up({ type: "part-ended", messageId: rig.messageId, part: { id: partId, kind: "text", text: "some text more" } });
  rig.time.advance(50);
  for (const viewer of [early, late]) {
    expect(viewer.seqs()).toEqual(range(1, seen + 1));
    expect(viewer.frames.filter(({ type }) => type === "synced")).toEqual([{ type: "synced", seq: seen }]);
    const offsets = viewer.deltas().map(({ offset, text }) => [offset, offset + text.length]);
    expect(offsets[0]?.[0]).toBe(0);
    for (const [i, [offset]] of offsets.entries()) if (i > 0) expect(offset).toBe(offsets[i - 1]?.[1]);
  }
  expect(late.deltas()).toEqual([{ partId, offset: 0, text: "some text " }, { partId, offset: 10, text: "more" }]);
  const order = late.frames.map((frame) => (frame.type === "frame" ? (frame.deltas.length > 0 ? "text" : "events") : frame.type));
  expect(order).toEqual(["events", "text", "synced", "text", "events"]);
});

verifies("STR14", "large prompts that wait are there after a restart, and are written once", async () => {
  const rig = await StreamRig.running();
  const text = (n: number): string => `${n} ${"é".repeat(LIMITS.promptBytesMax / 2 - 4)}`;
  for (let n = 0; n < 6; n++) expect(await rig.session.send({ text: text(n) }, AUTHOR)).toMatchObject({ ok: true });
  await rig.parts(1);
  expect(rig.instance.diskOf(SESSION.orgId, SESSION.sessionId)?.state?.length).toBeLessThan(20_000);
  const before = rig.session.actor.state;
  await rig.crash();
  expect(rig.session.actor.state?.queue).toEqual(before?.queue);
  expect(rig.session.actor.state?.settings).toEqual(before?.settings);
  await rig.link();
  await rig.endTurn();
  expect(rig.session.actor.state?.current?.text).toBe(text(0));
  await rig.crash();
  expect(rig.session.actor.state?.current?.text).toBe(text(0));
});
