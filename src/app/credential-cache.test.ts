/** What the credential cache adds to an identity. */
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Credentials, Principal } from "../ports/identity/identity.port.ts";
import { PortError } from "../core/kernel/port-error.ts";
import { InMemoryIdentity } from "../ports/identity/identity.fake.ts";
import { createCachedIdentity, CredentialCache, type CredentialCacheOptions } from "./credential-cache.ts";

const bearer = (token: string): Credentials => ({ kind: "bearer", token });
const person: Principal = { kind: "api-key", userId: "user", userName: "Ada", orgId: "org", orgName: "Org", role: "member", scopes: [], teamIds: [], keyId: "key_1" };

function setUp(options: CredentialCacheOptions = {}) {
  const clock = { nowMs: 0 };
  const cache = new CredentialCache({ now: () => clock.nowMs, ...options });
  const calls: string[] = [];
  const ask = (token: string, answer: () => Promise<Principal | null> = async () => person) =>
    cache.resolve(bearer(token), () => {
      calls.push(token);
      return answer();
    });
  return { clock, cache, calls, ask };
}

describe("credential cache", () => {
  test("a principal is believed for 30 s and then looked up again", async () => {
    const { clock, calls, ask } = setUp();
    await ask("a");
    clock.nowMs = 29_999;
    expect(await ask("a")).toEqual({ ...person, knownAtMs: 0 });
    expect(calls).toEqual(["a"]);
    clock.nowMs = 30_000;
    await ask("a");
    expect(calls).toEqual(["a", "a"]);
  });

  test("what took long to answer is believed from when it was asked", async () => {
    const { clock, calls, ask } = setUp();
    const slow = async (): Promise<Principal> => {
      clock.nowMs = 8_000;
      return person;
    };
    expect(await ask("a", slow)).toEqual({ ...person, knownAtMs: 0 });
    clock.nowMs = 29_999;
    await ask("a");
    expect(calls.length).toBe(1);
    clock.nowMs = 30_000;
    await ask("a");
    expect(calls.length).toBe(2);
  });

  const down = async (): Promise<never> => {
    throw new PortError({ port: "identity", operation: "authenticate", code: "unknown", outcome: "not-applied", retry: { afterMs: 500 }, message: "connect ECONNREFUSED" });
  };

  test("who was known stays known for ten minutes from then while the store cannot be asked, and it is asked every five seconds", async () => {
    const { clock, calls, ask } = setUp();
    await ask("a");
    for (clock.nowMs = 30_000; clock.nowMs < 330_000; clock.nowMs += 1_000) expect(await ask("a", down)).toEqual({ ...person, knownAtMs: 0 });
    expect(calls.length).toBe(1 + 300 / 5);
    clock.nowMs = 599_999;
    expect(await ask("a", down)).toEqual({ ...person, knownAtMs: 0 });
    clock.nowMs = 600_000;
    await expect(ask("a", down)).rejects.toThrow("ECONNREFUSED");
    expect(await ask("a")).toMatchObject(person);
  });

  test("a key that ends is nobody's from then on, believed or not, and also during an outage", async () => {
    const { clock, calls, ask } = setUp();
    const ending = async (): Promise<Principal> => ({ ...person, keyEndsAtMs: 20_000 });
    await ask("a", ending);
    clock.nowMs = 19_999;
    expect(await ask("a", down)).toMatchObject({ keyId: "key_1" });
    clock.nowMs = 20_000;
    expect(await ask("a", down)).toBeNull();
    clock.nowMs = 50_000;
    expect(await ask("a", down)).toBeNull();
    expect(calls).toEqual(["a"]);
  });

  test("strangers, the revoked, and those of a store that refuses us do not get in during an outage", async () => {
    const { clock, cache, ask } = setUp();
    await ask("a");
    clock.nowMs = 30_000;
    await expect(ask("b", down)).rejects.toThrow("ECONNREFUSED");
    await expect(ask("a", () => Promise.reject(new PortError({ port: "identity", operation: "authenticate", code: "permission-denied", outcome: "not-applied", retry: "never", message: "28P01" })))).rejects.toThrow("28P01");
    expect(await ask("a", down)).toMatchObject(person);
    cache.evict("key_1");
    await expect(ask("a", down)).rejects.toThrow("ECONNREFUSED");
  });

  test("a lookup that never ends is waited for once, and nobody after it waits", async () => {
    const { clock, calls, ask } = setUp({ joinMs: 1 });
    await ask("a");
    clock.nowMs = 30_000;
    const never = (): Promise<never> => new Promise(() => undefined);
    for (let i = 0; i < 3; i++) expect(await ask("a", never)).toMatchObject(person);
    expect(calls).toEqual(["a", "a"]);
  });

  test("one who is nobody any more once the store answers is nobody at once", async () => {
    const { clock, ask } = setUp();
    await ask("a");
    clock.nowMs = 30_000;
    expect(await ask("a", down)).toMatchObject(person);
    clock.nowMs = 35_000;
    expect(await ask("a", async () => null)).toBeNull();
    clock.nowMs = 40_000;
    await expect(ask("a", down)).rejects.toThrow("ECONNREFUSED");
  });

  test("nobody is remembered for 5 s", async () => {
    const { clock, calls, ask } = setUp();
    const nobody = async () => null;
    await ask("x", nobody);
    clock.nowMs = 4_999;
    expect(await ask("x", nobody)).toBeNull();
    expect(calls).toEqual(["x"]);
    clock.nowMs = 5_000;
    expect(await ask("x")).toMatchObject(person);
    expect(await ask("x", nobody)).toMatchObject(person);
  });

  test("those who ask at once wait for one lookup, also when it fails, and a failure is not remembered", async () => {
    const { calls, ask } = setUp({ hash: async (text) => text });
    const gate = Promise.withResolvers<Principal | null>();
    const waiting = [1, 2, 3].map(() => ask("a", () => gate.promise));
    await setImmediate();
    gate.reject(new Error("store down"));
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(calls).toEqual(["a"]);
    expect(await ask("a")).toMatchObject(person);
  });

  test("who waits too long for somebody else's lookup makes one", async () => {
    const { calls, ask } = setUp({ joinMs: 1 });
    const never = ask("a", () => new Promise(() => undefined));
    expect(await ask("a")).toMatchObject(person);
    expect(calls).toEqual(["a", "a"]);
    void never;
  });

  test("neither strangers nor friends fill the memory, and strangers do not push friends out", async () => {
    const { cache, calls, ask } = setUp({ entriesMax: 3, negativeEntriesMax: 2 });
    for (const token of ["a", "b", "c", "d"]) await ask(token);
    for (let i = 0; i < 50; i++) await ask(`stranger-${i}`, async () => null);
    expect(cache.size).toBe(5);
    calls.length = 0;
    for (const token of ["b", "c", "d", "a"]) await ask(token);
    expect(calls).toEqual(["a"]);
  });

  test("an eviction by key, by sign-in or by person takes effect at once, and others stay", async () => {
    const { cache, calls, ask } = setUp();
    const other = { ...person, userId: "other", keyId: "key_2" };
    for (const evicted of ["key_1", "sign-in", "user"]) {
      await ask(evicted, async () => ({ ...person, signInId: "sign-in" }));
      await ask("b", async () => other);
      cache.evict(evicted);
      calls.length = 0;
      expect(await ask(evicted, async () => null)).toBeNull();
      await ask("b");
      expect(calls).toEqual([evicted]);
    }
  });

  test("a lookup that began before an eviction is neither kept nor joined", async () => {
    const { cache, ask } = setUp();
    const gate = Promise.withResolvers<Principal | null>();
    const begun = Promise.withResolvers<void>();
    const early = ask("a", () => {
      begun.resolve();
      return gate.promise;
    });
    await begun.promise;
    cache.evict("key_1");
    expect(await ask("a", async () => null)).toBeNull();
    gate.resolve(person);
    expect(await early).toMatchObject(person);
    expect(await ask("a")).toBeNull();
  });

  test("credentials of two kinds with the same text are two credentials, and none is kept as text", async () => {
    const hashed: string[] = [];
    const cache = new CredentialCache({ hash: async (text) => `hash-${hashed.push(text)}` });
    expect(await cache.resolve(bearer("t"), async () => person)).toMatchObject(person);
    expect(await cache.resolve({ kind: "cookie", header: "t" }, async () => null)).toBeNull();
    expect(new Set(hashed).size).toBe(2);
  });

  test("signing out ends a sign-in that is known under another cookie header too", async () => {
    let serial = 0;
    const inner = new InMemoryIdentity({ now: () => 0, random: () => `random${serial++}` });
    const identity = createCachedIdentity(inner, new CredentialCache({ now: () => 0 }));
    const owner = await identity.ensureOwner({ name: "Ada", email: "ada@example.com", orgName: "Org" });
    const answer = await identity.redeemSignInToken(await identity.createSignInToken(owner.userId));
    const header = answer?.setCookies[0]?.split(";")[0] ?? "";
    const [one, other] = [header, `theme=dark; ${header}`].map((each): Credentials => ({ kind: "cookie", header: each }));
    if (!one || !other) throw new Error("two headers were made");
    expect(await identity.authenticate(one)).toMatchObject(owner);
    expect(await identity.authenticate(other)).toMatchObject(owner);
    await identity.signOut(one);
    expect(await identity.authenticate(other)).toBeNull();
  });
});
