/** The link and the loss of sandboxes: nothing accepted is lost, nothing runs twice. */
import { CLOSE_CODES } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Driver, brief } from "./testing.ts";

function ready(): Driver {
  const session = new Driver();
  session.ready();
  return session;
}

verifies("SES13", "a prompt that did not arrive is sent again to the same epoch, under the same number", () => {
  const session = ready();
  session.send(1);
  session.unlink();
  expect(session.last.effects.map(brief)).toEqual(["describe-sandbox 1", "set-alarm"]);
  session.link(1);
  expect(session.last.effects.slice(0, 2)).toEqual([
    { type: "send-frame", linkId: "con_2", frame: { type: "welcome", version: 1, received: 1 } },
    {
      type: "send-frame",
      linkId: "con_2",
      frame: { type: "down", n: 2, body: { type: "prompt", messageId: "msg_1", text: "prompt 1", model: "demo/demo" } },
    },
  ]);
  session.up({ type: "accepted", messageId: "msg_1" });
  expect(session.state).toMatchObject({ status: "running", epoch: 1 });
});

verifies("SES13", "nothing that was acknowledged is sent again, and the run goes on over the new link", () => {
  const session = ready();
  session.run(1);
  session.take("down-acked", { n: 2 });
  session.unlink();
  session.link(2);
  expect(session.last.effects.map(brief)).toEqual(["send welcome", "set-alarm"]);
  session.end(1);
  expect(session.messages.get("msg_1")?.status).toBe("completed");
});

verifies("SES13", "a newer link takes the place of the older, whose close then says nothing", () => {
  const session = ready();
  session.link(1);
  expect(session.last.effects[0]).toMatchObject({ type: "close-link", linkId: "con_1", code: CLOSE_CODES.fenced });
  const before = session.state;
  session.take("link-closed", { linkId: "con_1" });
  expect(session.state).toBe(before);
});

verifies("SES14", "a prompt that is not accepted is sent again over new links, and then counts as lost", () => {
  const session = ready();
  session.send(1);
  for (const received of [1, 1]) {
    expect(session.wait(30_000).effects.map(brief)).toContain("close-link");
    session.link(received);
    expect(session.last.effects.map(brief)).toContain("send prompt");
  }
  session.wait(30_000);
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted", lease: { phase: "lost" } });
});

verifies("SES15", "a message that comes while the link is away goes down when it is back", () => {
  const session = ready();
  session.unlink();
  session.send(1);
  expect(session.state).toMatchObject({ status: "idle", run: null });
  session.link(1);
  expect(session.state.current?.messageId).toBe("msg_1");
});

verifies("SES16", "a sandbox that stays away is lost: the run is interrupted, the session waits, nothing runs again", () => {
  const session = ready();
  session.run(1);
  session.send(2);
  session.unlink();
  session.wait(44_999);
  expect(session.state.status).toBe("running");
  const lost = session.wait(1);
  expect(lost.events.map(brief)).toEqual(["sandbox.status lost", "message.status interrupted", "run.ended interrupted", "session.status waiting"]);
  expect(lost.effects.map(brief)).toEqual(["stop-sandbox 1", "set-alarm"]);
  expect(session.link(2).refusal?.closeCode).toBe(CLOSE_CODES.fenced);
  session.take("resume-requested", { interrupted: "skip" });
  session.ready();
  expect(session.state).toMatchObject({ status: "running", current: { messageId: "msg_2" }, epoch: 2 });
  expect(session.events.filter((event) => event.type === "run.started").map((event) => event.messageId)).toEqual(["msg_1", "msg_2"]);
});

verifies("SES16", "a backend that says the sandbox is gone ends the wait, one that says it lives does not", () => {
  const session = ready();
  session.run(1);
  session.unlink();
  session.take("sandbox-described", { phase: "alive", failure: null });
  expect(session.state.status).toBe("running");
  session.take("sandbox-described", { phase: "gone", failure: { code: "out-of-memory", message: "It ran out of memory." } });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted" });
  expect(session.last.events).toContainEqual(expect.objectContaining({ type: "run.ended", data: expect.objectContaining({ failure: { code: "out-of-memory", message: "It ran out of memory." } }) }));
});

verifies("SES16", "what the backend said before the link came back is not believed", () => {
  const session = ready();
  session.run(1);
  session.unlink();
  session.link(2);
  session.take("sandbox-described", { phase: "gone", failure: null });
  expect(session.state.status).toBe("running");
});

verifies("SES16", "a new prompt after an interruption goes on with the queue, in the sandbox that is there", () => {
  const session = ready();
  session.run(1);
  session.send(2);
  session.end(1, "interrupted");
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted", run: null });
  session.send(3);
  expect(session.state).toMatchObject({ status: "running", epoch: 1, current: { messageId: "msg_2" } });
});

verifies("SES17", "an idle session that loses its sandbox stays idle and gets another with the next prompt", () => {
  const session = ready();
  session.unlink();
  session.wait(60_000);
  expect(session.state).toMatchObject({ status: "idle", lease: { phase: "lost" } });
  session.send(1);
  expect(session.state).toMatchObject({ status: "starting", epoch: 2 });
});

verifies("SES17", "a message that waited for the link gets another sandbox when the first is lost", () => {
  const session = ready();
  session.unlink();
  session.send(1);
  session.wait(60_000);
  session.ready();
  expect(session.state).toMatchObject({ status: "running", epoch: 2, current: { messageId: "msg_1" } });
});

verifies("SES18", "a runtime that forgot what it acknowledged counts as lost", () => {
  const session = ready();
  session.run(1);
  session.take("down-acked", { n: 2 });
  session.unlink();
  session.link(0);
  expect(session.last.refusal).toBeNull();
  expect(session.last.effects.map(brief)).toEqual(["close-link", "stop-sandbox 1", "set-alarm"]);
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted", lease: { phase: "lost" } });
});

verifies("SES18", "a runtime that claims too much, or speaks another version, is refused with a close code", () => {
  const session = ready();
  session.unlink();
  const hello = { linkId: "con_x", versions: [1], received: 1 };
  expect(session.take("link-opened", { ...hello, received: 9 }).refusal?.closeCode).toBe(CLOSE_CODES.badRequest);
  expect(session.take("link-opened", { ...hello, versions: [99] }).refusal?.closeCode).toBe(CLOSE_CODES.versionUnsupported);
  expect(session.take("down-acked", { n: 9 }).refusal?.closeCode).toBe(CLOSE_CODES.badRequest);
  expect(session.take("link-opened", hello).refusal).toBeNull();
});

verifies("SES18", "nothing links before its token is kept", () => {
  const session = new Driver();
  expect(session.link().refusal?.closeCode).toBe(CLOSE_CODES.fenced);
  session.take("sandbox-token-minted", { tokenHash: "hash" });
  expect(session.take("sandbox-token-minted", { tokenHash: "other" }).refusal?.problem).toBe("conflict");
  expect(session.link().refusal).toBeNull();
});

verifies("SES19", "a repeat is acknowledged and ignored, a gap is refused", () => {
  const session = ready();
  const before = session.state;
  const repeat = session.take("up-received", { n: 1, message: { type: "title", title: "again" } });
  expect(repeat).toMatchObject({ refusal: null, events: [], effects: [{ type: "send-frame", frame: { type: "ack", n: 1 } }] });
  expect(session.take("up-received", { n: 3, message: { type: "title", title: "ahead" } }).refusal?.closeCode).toBe(CLOSE_CODES.badRequest);
  expect(session.state).toBe(before);
});

verifies("SES19", "a message about a turn that is over takes its number and nothing else", () => {
  const session = ready();
  session.run(1);
  session.end(1);
  const events = session.events.length;
  session.up({ type: "part-ended", messageId: "msg_1", part: { id: "prt_9", kind: "text", text: "late" } });
  session.end(1, "failed");
  expect(session.events).toHaveLength(events);
  expect(session.state.lease?.link.received).toBe(5);
});

verifies("SES19", "what arrives on a link that was closed is refused", () => {
  const session = ready();
  session.unlink();
  expect(session.up({ type: "title", title: "x" }).refusal?.problem).toBe("conflict");
});

verifies("SES20", "40 s without a sign of life in a run make the session hang up, and the runtime may come back", () => {
  const session = ready();
  session.run(1);
  session.wait(35_000);
  session.take("heartbeat-received", { running: null });
  session.wait(39_999);
  expect(session.state.lease?.linkId).toBe("con_1");
  expect(session.wait(1).effects.map(brief)).toEqual(["close-link", "describe-sandbox 1", "set-alarm"]);
  session.link(2);
  session.end(1);
  expect(session.state.status).toBe("idle");
});

verifies("SES16", "while the link is away its backend is asked again, since a sandbox that is just ending is still there at first", () => {
  const session = ready();
  session.run(1);
  expect(session.unlink().effects.map(brief)).toContain("describe-sandbox 1");
  session.take("sandbox-described", { phase: "alive", failure: null });
  expect(session.wait(2_000).effects.map(brief)).toContain("describe-sandbox 1");
  session.take("sandbox-described", { phase: "gone", failure: null });
  expect(session.state.waitingFor).toBe("interrupted");
  expect(session.state.deadlines.probe).toBeUndefined();
});
