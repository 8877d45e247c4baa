/** A removed session answers as one that never was, from the moment of its removal. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { SessionHandle } from "../../src/app/session-handle.ts";
import { AUTHOR, MemoryBerth, MODEL } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";
const IDEMPOTENCY = { key: "example-1", bodyHash: "0".repeat(64) };

/** What every method that a client can reach answers, as far as it tells a session that is there from one that is not. */
async function answersOf(session: SessionHandle): Promise<Readonly<Record<string, unknown>>> {
  const codeOf = async (asked: Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: { readonly type: string } }>): Promise<string> => {
    const result = await asked;
    return result.ok ? "ok" : (result.problem.type.split("/").at(-1) ?? "");
  };
  return {
    read: await session.read(),
    messages: await session.messages({ after: null, limit: 10 }),
    events: await session.events(0, 10),
    update: await codeOf(session.update({ title: "Again" }, AUTHOR)),
    send: await codeOf(session.send({ text: "!say again" }, AUTHOR)),
    repeat: await codeOf(session.send({ text: "!say kept" }, AUTHOR, { idempotency: IDEMPOTENCY })),
    foreignModel: await codeOf(session.send({ text: "!say again", model: "nobody/nothing" }, AUTHOR)),
    cancel: await codeOf(session.cancel("msg_1", AUTHOR)),
    stop: await codeOf(session.stop(AUTHOR)),
    resume: await codeOf(session.resume(AUTHOR)),
    answer: await codeOf(session.answer("req_1", { kind: "permission", reply: "once" }, AUTHOR)),
    applyWork: await codeOf(session.applyWork({ branch: "work" }, AUTHOR)),
    issueTicket: await codeOf(session.issueTicket(AUTHOR)),
    remove: await codeOf(session.remove(AUTHOR)),
    authorizeBroker: await session.authorizeBroker("sbx_example"),
  };
}

verifies("SES35", "a removed session reads as one that never was, while its run still waits for Postgres and after it", async () => {
  const berth = new MemoryBerth();
  const never = await answersOf(berth.session("ses_9999999999abcdefghjkmnpqrs"));
  expect(never).toMatchObject({ read: null, send: "not-found", applyWork: "not-found" });

  const session = await berth.open(SESSION);
  await session.send({ text: "!say kept" }, AUTHOR, { idempotency: IDEMPOTENCY });
  const viewer = berth.watch(session);
  await berth.until(() => viewer.events.some(({ type }) => type === "message.queued"));
  berth.instance.faults.runHistory.arm("run-history:flush:down", { times: 3 });
  await berth.until(() => viewer.events.some(({ type }) => type === "run.ended"));
  expect(await session.remove(AUTHOR)).toEqual({ ok: true, value: null });

  expect(session.actor.state?.status).toBe("ended");
  expect(await answersOf(session)).toEqual(never);
  const opened = await session.open({ orgId: "org_a", sessionId: SESSION, input: { model: MODEL }, author: AUTHOR, providers: [], demoOnly: true, gitIdentity: null });
  expect(opened).toMatchObject({ ok: false, problem: { status: 404 } });

  await berth.until(() => session.actor.state === null, 20_000);
  expect(await answersOf(session)).toEqual(never);
  expect((await berth.instance.runHistory.list("org_a", { after: null, limit: 10 })).runs).toHaveLength(1);
});
