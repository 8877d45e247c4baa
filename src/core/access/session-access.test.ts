import type { ShareRole } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { newAccess, readersOf, redeemed, rightOf, withoutShare, withShare, withToken, type Asker, type Right, type SessionAccess } from "./session-access.ts";

const NOW = 1_800_000_000_000;
const asker = (role: Asker["role"], userId = "usr_x", teamIds: string[] = []): Asker => ({ role, userId, teamIds, clientTokenId: null });
const share = (withWhom: "member" | "team", principalId: string, role: ShareRole) => ({ id: `shr_${principalId}`, with: withWhom, principalId, role, createdAtMs: NOW });

describe("the right to a session", () => {
  test.each<[string, SessionAccess, Asker, Right]>([
    ["an org session is worked in by members", newAccess("org", "usr_o"), asker("member"), "write"],
    ["an org session is watched by viewers", newAccess("org", "usr_o"), asker("viewer"), "read"],
    ["its owner manages it", newAccess("org", "usr_o"), asker("member", "usr_o"), "manage"],
    ["who administers manages every session", newAccess("private", "usr_o"), asker("admin"), "manage"],
    ["a private one is nobody else's", newAccess("private", "usr_o"), asker("member"), "none"],
    ["nor a viewer's", newAccess("private", "usr_o"), asker("viewer"), "none"],
    ["shared to watch", withShare(newAccess("private", null), share("member", "usr_x", "viewer")), asker("member"), "read"],
    ["shared to work in", withShare(newAccess("private", null), share("member", "usr_x", "collaborator")), asker("member"), "write"],
    ["shared to own", withShare(newAccess("private", null), share("member", "usr_x", "owner")), asker("member"), "manage"],
    ["shared with a team", withShare(newAccess("private", null), share("team", "team_1", "collaborator")), asker("member", "usr_x", ["team_1"]), "write"],
    ["not with a person who has a team's id", withShare(newAccess("private", null), share("team", "team_1", "collaborator")), asker("member", "team_1"), "none"],
    ["a viewer of the organization only watches, whatever is shared", withShare(newAccess("private", null), share("member", "usr_x", "owner")), asker("viewer"), "read"],
    ["a share takes nothing away", withShare(newAccess("org", null), share("member", "usr_x", "viewer")), asker("member"), "write"],
  ])("%s", (_, access, who, right) => expect(rightOf(access, who, NOW)).toBe(right));

  test("a client token has what it was made for, until it ends, whoever's session it is", () => {
    const token = { id: "clt_1", hash: "h", access: "write", expiresAtMs: NOW + 10, from: { userId: "usr_o", keyId: null } } as const;
    const access = withToken(newAccess("org", "usr_o"), token, NOW);
    const by = (clientTokenId: string): Asker => ({ ...asker("owner", "usr_o"), clientTokenId });
    expect([rightOf(access, by("clt_1"), NOW), rightOf(access, by("clt_1"), NOW + 10), rightOf(access, by("clt_2"), NOW)]).toEqual(["write", "none", "none"]);
  });
});

test("sharing again changes the role, and the readers of a private session are those it is shared with", () => {
  const once = withShare(newAccess("private", "usr_o"), share("member", "usr_x", "viewer"));
  const again = withShare(once, { ...share("member", "usr_x", "collaborator"), id: "shr_2" });
  expect(again.shares.map(({ id, role }) => [id, role])).toEqual([["shr_2", "collaborator"]]);
  expect(readersOf(withShare(again, share("team", "team_1", "viewer")))).toEqual(["usr_o", "usr_x", "team_1"]);
  expect(readersOf({ ...again, visibility: "org" })).toBeNull();
  expect(withoutShare(again, "shr_unknown")).toBeNull();
});

test("a link gives as many tokens as it says, until it ends, and takes them along when it goes", () => {
  const link = { id: "shr_l", by: { userId: "usr_ada", keyId: null }, role: "viewer", hash: "lh", createdAtMs: NOW, expiresAtMs: NOW + 100, usesMax: 2, uses: 0 } as const;
  let access: SessionAccess = { ...newAccess("private", "usr_o"), links: [link] };
  for (const n of [1, 2]) {
    const used = redeemed(access, "lh", { id: `clt_${n}`, hash: `h${n}`, lifetimeMs: 1_000 }, NOW);
    expect(used).toMatchObject({ token: { access: "read", expiresAtMs: NOW + 100 } });
    access = "access" in used ? used.access : access;
  }
  expect(redeemed(access, "lh", { id: "clt_3", hash: "h3", lifetimeMs: 1 }, NOW)).toEqual({ refused: "used-up" });
  expect(redeemed({ ...access, links: [link] }, "lh", { id: "clt_3", hash: "h3", lifetimeMs: 1 }, NOW + 100)).toEqual({ refused: "expired" });
  expect(redeemed(access, "other", { id: "clt_3", hash: "h3", lifetimeMs: 1 }, NOW)).toEqual({ refused: "unknown" });
  expect(access.tokens).toHaveLength(2);
  expect(withoutShare(access, "shr_l")).toMatchObject({ links: [], tokens: [] });
});
