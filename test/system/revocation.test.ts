/** A revoked key loses what is open by it, and nobody else does. */
import { CLOSE_CODES } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { pushRevocation } from "../../src/app/push-revocation.ts";
import type { Author } from "../../src/app/session-handle.ts";
import { AUTHOR, MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

verifies("IDN6", "a revoked key's sockets are closed in every session, and others stay open", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say hello");
  const closed: [string, number][] = [];
  const watch = (name: string, author: Author): void => {
    session.openViewer(author, 0, { frame: () => undefined, closed: (code) => closed.push([name, code]) });
  };
  const byKey = (apiKeyId: string): Author => ({ actor: { kind: "api-key", id: apiKeyId }, apiKeyId, role: "owner" });
  watch("revoked", byKey("key_1"));
  watch("other", byKey("key_2"));
  watch("person", AUTHOR);
  await berth.until(() => session.actor.state?.status === "idle");
  await berth.instance.settled();
  await pushRevocation(berth.instance.services, "org_b", "key_1");
  expect(closed).toEqual([]);
  await pushRevocation(berth.instance.services, "org_a", "key_1");
  expect(closed).toEqual([["revoked", CLOSE_CODES.unauthorized]]);
});
