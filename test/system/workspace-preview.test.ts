/** What a session says of tickets for ports and of the passes that are given for them. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { InProcessSession } from "../../src/app/session/in-process-session.ts";
import { AUTHOR, MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";
const MINUTE_MS = 60_000;
const REFUSED = { ok: false, problem: { status: 401 } };

async function opened(): Promise<{ readonly berth: MemoryBerth; readonly session: InProcessSession }> {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say done");
  await berth.until(() => session.actor.state?.lease?.phase === "ready");
  return { berth, session };
}

async function ticketOf(session: InProcessSession, port = 3000): Promise<string> {
  const answer = await session.workspace({ do: "ticket", use: "port", port }, AUTHOR);
  if (!answer.ok) throw new Error(answer.problem.detail);
  return answer.value.ticket;
}

async function passOf(session: InProcessSession): Promise<string> {
  const answer = await session.workspace({ do: "preview", ticket: await ticketOf(session), port: 3000 }, null);
  if (!answer.ok) throw new Error(answer.problem.detail);
  return answer.value.pass;
}

verifies("WSP15", "a ticket is good once, for its own port, within 30 s, and for nothing but a preview", async () => {
  const { berth, session } = await opened();
  const used = await ticketOf(session);
  expect(await session.workspace({ do: "preview", ticket: used, port: 3000 }, null)).toMatchObject({ ok: true });
  expect(await session.workspace({ do: "preview", ticket: used, port: 3000 }, null)).toMatchObject(REFUSED);
  expect(await session.workspace({ do: "preview", ticket: await ticketOf(session, 3001), port: 3000 }, null)).toMatchObject(REFUSED);
  expect(await session.workspace({ do: "redeem", use: "terminal", ticket: await ticketOf(session) }, null)).toMatchObject(REFUSED);
  const shell = await session.workspace({ do: "ticket", use: "terminal" }, AUTHOR);
  expect(await session.workspace({ do: "preview", ticket: shell.ok ? shell.value.ticket : "", port: 3000 }, null)).toMatchObject(REFUSED);
  const late = await ticketOf(session);
  berth.time.advance(30_000);
  expect(await session.workspace({ do: "preview", ticket: late, port: 3000 }, null)).toMatchObject(REFUSED);
});

verifies("WSP15", "a pass is good for 30 minutes from each use on, for its own port, and a ticket is none", async () => {
  const { berth, session } = await opened();
  const pass = await passOf(session);
  for (let i = 0; i < 3; i++) {
    berth.time.advance(29 * MINUTE_MS);
    expect(await session.workspace({ do: "pass", pass, port: 3000 }, null)).toMatchObject({ ok: true, value: { actor: AUTHOR.actor } });
  }
  berth.time.advance(30 * MINUTE_MS);
  expect(await session.workspace({ do: "pass", pass, port: 3000 }, null)).toMatchObject(REFUSED);
  expect(await session.workspace({ do: "pass", pass: await passOf(session), port: 3001 }, null)).toMatchObject(REFUSED);
  expect(await session.workspace({ do: "pass", pass: await ticketOf(session), port: 3000 }, null)).toMatchObject(REFUSED);
});

verifies("WSP16", "a pass opens nothing for who may only watch, and nothing once the session is deleted", async () => {
  const { session } = await opened();
  expect(await session.workspace({ do: "ticket", use: "port", port: 3000 }, { ...AUTHOR, actor: { kind: "user", id: "usr_2" }, role: "viewer" })).toMatchObject({ ok: false, problem: { status: 403 } });
  const pass = await passOf(session);
  expect(await session.remove(AUTHOR)).toMatchObject({ ok: true });
  expect((await session.workspace({ do: "pass", pass, port: 3000 }, null)).ok).toBe(false);
});

verifies("WSP15", "a pass that is asked about twice at once is good both times, and one whose session ends meanwhile is not", async () => {
  const { berth, session } = await opened();
  const pass = await passOf(session);
  const ask = () => session.workspace({ do: "pass", pass, port: 3000 }, null);
  expect(await Promise.all([ask(), ask(), ask()])).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
  berth.time.advance(29 * MINUTE_MS);
  expect(await ask()).toMatchObject({ ok: true });
  const asked = ask();
  await session.remove(AUTHOR);
  expect((await asked).ok).toBe(false);
});
