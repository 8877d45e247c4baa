/** Signatures, and that no part of a request can be changed under one. */
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { NonceMemory } from "../src/nonce-memory.ts";
import { sha256Hex, sign, verify, type SignedParts } from "../src/signature.ts";

const SECRET = "example-secret-of-a-test-run-only-000";
const PARTS: SignedParts = { method: "POST", path: "/v1/x", query: "?a=b", bodyHash: "00", timeMs: "1795200000000", nonce: "ab".repeat(16) };

describe("signature", () => {
  test("is HMAC-SHA256 over the parts, one per line", async () => {
    const text = ["berth-host-v1", "POST", "/v1/x", "?a=b", "00", "1795200000000", "ab".repeat(16)].join("\n");
    expect(await sign(SECRET, PARTS)).toBe(createHmac("sha256", SECRET).update(text).digest("hex"));
  });

  test("holds for these parts and this secret only", async () => {
    const signature = await sign(SECRET, PARTS);
    expect(await verify(SECRET, PARTS, signature)).toBe(true);
    expect(await verify("another-secret-of-a-test-run-only-00", PARTS, signature)).toBe(false);
    for (const part of Object.keys(PARTS) as (keyof SignedParts)[]) expect(await verify(SECRET, { ...PARTS, [part]: `${PARTS[part]}0` }, signature)).toBe(false);
  });

  test.each(["", "zz", "abc", "AB".repeat(32), "00".repeat(31)])("%j is not one", async (signature) => {
    expect(await verify(SECRET, PARTS, signature)).toBe(false);
  });

  test("an empty body has a hash too", async () => {
    expect(await sha256Hex(new Uint8Array())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("nonce memory", () => {
  test("knows a nonce until its window is over", () => {
    const memory = new NonceMemory(100);
    expect(memory.take("a", 1_000)).toBe("new");
    expect(memory.take("a", 1_100)).toBe("seen");
    expect(memory.take("a", 1_101)).toBe("new");
  });

  test("lets nothing new in when it is full, until the oldest is forgotten", () => {
    const memory = new NonceMemory(100, 2);
    expect([memory.take("a", 0), memory.take("b", 50), memory.take("c", 60), memory.take("a", 60)]).toEqual(["new", "new", "full", "seen"]);
    expect(memory.take("c", 101)).toBe("new");
  });
});
