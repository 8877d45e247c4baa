import { expect, test } from "vitest";
import { isSessionId, isSessionIdOf, makeSessionId, sessionIdOfKey } from "./session-id.ts";

const random = (n: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => (n * 97 + i * 31) % 256);

test("an id is one of its organization and of no other", async () => {
  const ids = [makeSessionId("org_1", 1_800_000_000_000, random(1)), await sessionIdOfKey("org_1", "key", 1_800_000_000_000)];
  for (const id of ids) {
    expect([isSessionId(id), isSessionIdOf("org_1", id), isSessionIdOf("org_2", id)]).toEqual([true, true, false]);
  }
});

test("one changed character makes it nobody's", () => {
  const id = makeSessionId("org_1", 1_800_000_000_000, random(2));
  for (let i = 4; i < id.length; i++) {
    const other = id.slice(0, i) + (id[i] === "0" ? "1" : "0") + id.slice(i + 1);
    expect(isSessionIdOf("org_1", other), other).toBe(false);
  }
});

test("what is no id is nobody's", () => {
  for (const text of ["", "ses_", "ses_00000000000000000000000000", "../..", "msg_00000000000000000000000000"]) {
    expect(isSessionIdOf("org_1", text)).toBe(false);
  }
});
