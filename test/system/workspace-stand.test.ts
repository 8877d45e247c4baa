/** What a session answers about those who are in its sandbox, while the sandbox's link comes and goes. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { AUTHOR, MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

verifies("WSP13", "a link that is away for a moment takes neither the sandbox nor who is inside", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say done");
  await berth.until(() => session.actor.state?.lease?.phase === "ready");
  const stand = async () => session.workspace({ do: "stand", visitors: [{ author: AUTHOR, acted: false }] }, null);
  expect(await stand()).toEqual({ ok: true, value: { epoch: 1, mayStay: [true] } });
  berth.links.get(`${SESSION}-1`)?.cut();
  await berth.until(() => session.actor.state?.lease?.linkId === null, 1_000);
  expect(await stand()).toEqual({ ok: true, value: { epoch: 1, mayStay: [true] } });
});
