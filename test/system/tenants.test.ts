/** No organization can name, see or change what is another's; out of the table of routes, on the assembled program. */
import { CLIENT_ACTIONS, type ClientActionType, type ServerFrame } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import type { Author } from "../../src/app/session-handle.ts";
import { MemoryBerth } from "./support/memory-berth.ts";
import { sandboxesOf, type Venue } from "./support/tenant-walk.ts";
import { walkTenants } from "./support/walk-tenants.ts";

verifies("TEN1", "who asks for what is another organization's is told what an unknown id is told, on every route", async () => {
  const berth = new MemoryBerth();
  const { services, identity } = berth.instance;
  const venue: Venue = {
    services,
    settle: () => berth.until(() => true),
    ...sandboxesOf(berth),
    async addPerson(orgId, role, userName) {
      const { userId } = identity.addMember({ orgId, userName, role });
      const principal = await identity.standing(orgId, { userId, keyId: null });
      if (!principal) throw new Error("no such member");
      return principal;
    },
  };
  const { asked, summary } = await walkTenants(venue);
  expect(asked).toBeGreaterThan(500);
  console.log(summary);
});

const SAID: Readonly<Record<ClientActionType, object>> = {
  ack: { frame: 1 },
  prompt: { requestId: "r", text: "mine" },
  cancel: { requestId: "r", messageId: "msg_1" },
  stop: { requestId: "r" },
  answer: { requestId: "r", request: "req_1", answer: { kind: "reject" } },
};

verifies("TEN2", "every action of a socket is refused to whom the session is not shared with any more, and changes nothing", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open("ses_0123456789abcdefghjkmnpqrs", "!say hello");
  const owner: Author = { actor: { kind: "user", id: "usr_1" }, apiKeyId: null, role: "member", userId: "usr_1" };
  const bo: Author = { actor: { kind: "user", id: "usr_2" }, apiKeyId: null, role: "member", userId: "usr_2", teamIds: ["team_1"] };
  await berth.until(() => session.actor.state?.status === "idle");
  const told: ServerFrame[] = [];
  const closed: number[] = [];
  const open = () => session.openViewer(bo, 0, { frame: (frame) => void told.push(frame), closed: (code) => void closed.push(code) });
  const say = async (socket: ReturnType<typeof open>, type: ClientActionType): Promise<number | null> => {
    const before = told.length;
    await socket.send({ type, ...SAID[type] });
    const answer = told.slice(before).find((frame) => frame.type === "problem" || frame.type === "result");
    return answer?.type === "problem" ? answer.problem.status : answer ? 200 : null;
  };
  const actions = Object.keys(CLIENT_ACTIONS) as ClientActionType[];

  // Shared to watch: everything but acknowledging is refused.
  expect((await session.update({ visibility: "private" }, owner)).ok).toBe(true);
  const shared = await session.sharing({ do: "share", with: "team", principalId: "team_1", role: "viewer" }, owner);
  const lastSeq = session.actor.resource()?.lastSeq;
  const watching = open();
  for (const type of actions) expect([type, await say(watching, type)]).toEqual([type, type === "ack" ? null : 403]);
  expect(closed).toEqual([]);

  // The share ends: the socket closes at once, and one that slipped through is told nothing.
  if (!shared.ok) throw new Error(shared.problem.detail);
  expect((await session.sharing({ do: "unshare", id: shared.value.id }, owner)).ok).toBe(true);
  expect(closed).toEqual([4404]);
  const hidden = open();
  for (const type of actions) expect([type, await say(hidden, type)]).toEqual([type, type === "ack" ? null : 404]);
  expect(session.actor.resource()?.lastSeq).toBe(lastSeq);
  expect((await session.messages({ after: null, limit: 10 })).messages.map(({ text }) => text)).toEqual(["!say hello"]);
});
