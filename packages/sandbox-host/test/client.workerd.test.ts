/** The client inside workerd: the same signature as in Node, and its fetch's own errors classified. */
import { expect, test } from "vitest";
import { HostClient } from "../src/client.ts";
import { sha256Hex, sign, verify } from "../src/signature.ts";

const SECRET = "example-secret-of-a-test-run-only-000";

test("the signature of the same request is the same as Node's", async () => {
  const parts = { method: "POST", path: "/v1/x", query: "?a=b", bodyHash: await sha256Hex(new Uint8Array()), timeMs: "1795200000000", nonce: "ab".repeat(16) };
  const signature = await sign(SECRET, parts);
  expect(signature).toBe("9d9c083114ac56ee1c2010bf18356e1efe17871f1aa35b24dd3e4288a55351e3");
  expect(await verify(SECRET, parts, signature)).toBe(true);
});

test("a host that nobody runs cannot be told from a cut answer here, so the outcome is unknown", async () => {
  const deps = { fetch: (url: string, init: RequestInit) => fetch(url, init), baseUrl: "http://127.0.0.1:9", secret: SECRET, now: Date.now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
  const call = { port: "sandbox", operation: "create", effect: "repeatable", method: "POST", path: "/v1/backends/process/sandboxes", body: new Uint8Array(), timeoutMs: 5_000 } as const;
  await expect(new HostClient(deps).json(call)).rejects.toMatchObject({ code: "unknown", outcome: "unknown", retry: "same-request" });
});
