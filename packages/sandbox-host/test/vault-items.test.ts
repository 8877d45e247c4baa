/** 1Password's real SDK as far as it goes without an account, and what its failures are understood as. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AuthExpiredError, DesktopSessionExpiredError, RateLimitExceededError } from "@1password/sdk";
import { expect, test } from "vitest";
import { route } from "../src/routes.ts";
import { SENTENCES, toPortError, UNREACHED, type Asked } from "../src/vault-items/classify.ts";
import { createServiceAccountItems, openServiceAccount } from "../src/vault-items/service-account.ts";
import { OnePasswordStandIn } from "./onepassword-stand-in.ts";

const ACCOUNT = { vaultId: "a".repeat(26), version: "0.1.0" };
const LOOK = { by: "title", is: "berth/org_a/a" } as const;

/** Of the right form, and of nobody: a name under `.invalid` never leads anywhere. */
function wellFormedToken(): string {
  const bytes = (length: number) => Buffer.alloc(length, 7).toString("base64url");
  const account = {
    signInAddress: "berth.invalid",
    userAuth: { method: "SRPg-4096", alg: "PBES2g-HS256", iterations: 650_000, salt: bytes(16) },
    email: "example@1passwordserviceaccounts.com",
    srpX: "a".repeat(64),
    muk: { alg: "A256GCM", ext: true, k: bytes(32), key_ops: ["encrypt", "decrypt"], kty: "oct", kid: "mp" },
    secretKey: "A3-EXAMPL-EXAMPL-EXAMP-EXAMP-EXAMP-EXAMP",
    throttleSecret: { seed: "a".repeat(64), uuid: "A".repeat(26) },
    deviceUuid: "a".repeat(26),
  };
  return `ops_${Buffer.from(JSON.stringify(account)).toString("base64url")}`;
}

test.each(["made-up", "ops_made-up", `ops_${Buffer.from("{}").toString("base64url")}`])("the real SDK refuses the made-up token %s, which is told without it", async (token) => {
  const refusal = openServiceAccount({ ...ACCOUNT, token }).find(LOOK);
  await expect(refusal).rejects.toMatchObject({ port: "secret-vault", code: "permission-denied", outcome: "not-applied", retry: "never", fix: expect.stringContaining("OP_SERVICE_ACCOUNT_TOKEN") });
  await expect(refusal).rejects.not.toThrow(token);
});

test("the real SDK with a token of the right form goes out, and an address that leads nowhere is told as that", async () => {
  const items = openServiceAccount({ ...ACCOUNT, token: wellFormedToken() });
  const item = { title: LOOK.is, tags: ["berth/org_a"], field: { id: "f", label: "", value: "sealed" }, version: null };
  for (const call of [() => items.find(LOOK), () => items.create(item), () => items.remove("x")]) {
    await expect(call()).rejects.toMatchObject({ code: "unknown", outcome: "not-applied", retry: { afterMs: 500 }, message: "1Password cannot be reached from the sandbox host." });
  }
});

test("the words that failures are known by are still in the core of the SDK", () => {
  const sdk = dirname(createRequire(import.meta.url).resolve("@1password/sdk"));
  const core = readFileSync(join(sdk, "..", "..", "sdk-core", "nodejs", "core_bg.wasm"), "latin1");
  expect([...Object.values(SENTENCES), UNREACHED].filter((words) => !core.includes(words))).toEqual([]);
});

const NEVER = { outcome: "not-applied", retry: "never" };
const AGAIN = { outcome: "not-applied", retry: { afterMs: 500 } };
const UNSURE = { code: "unknown", outcome: "unknown", retry: "same-request" };

test.each<[string, unknown, Asked, object]>([
  ["a limit by its class", new RateLimitExceededError("x"), "create", { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1_000 } }],
  ["a limit in words", new Error(`http error: ${SENTENCES.limited}`), "read", { code: "resource-exhausted" }],
  ["an expired sign-in", new AuthExpiredError("x"), "read", { code: "permission-denied", ...NEVER }],
  ["a session of the desktop app", new DesktopSessionExpiredError("x"), "read", { code: "permission-denied", ...NEVER }],
  ["a token that was revoked", new Error("authentication error: bad service account token, please rotate it"), "sign-in", { code: "permission-denied", ...NEVER }],
  ["a vault that may not be written", new Error(SENTENCES.forbidden), "create", { code: "permission-denied", ...NEVER, fix: expect.stringContaining("OP_VAULT") }],
  ["a vault that is not there", new Error(SENTENCES.gone), "read", { code: "failed-precondition", ...NEVER, fix: expect.stringContaining("OP_VAULT") }],
  ["an item that went before it was replaced", new Error(SENTENCES.gone), "replace", { code: "failed-precondition", outcome: "not-applied", retry: "same-request" }],
  ["another's newer version", new Error(`data ${SENTENCES.overtaken}: `), "replace", { code: "failed-precondition", outcome: "not-applied", retry: "same-request" }],
  ["no way out, on a read", new Error(`reqwest library: ${UNREACHED}`), "read", { code: "unknown", ...AGAIN }],
  ["no way out, on a write, which may have left", new Error(`reqwest library: ${UNREACHED}`), "create", UNSURE],
  ["a time-out on a write", new Error(SENTENCES.timeout), "remove", UNSURE],
  ["anything else, on a write", "no error at all", "replace", UNSURE],
])("%s", (_, raw, asked, expected) => {
  expect(toPortError(raw, asked)).toMatchObject({ port: "secret-vault", ...expected });
});

test("what is not Berth's is neither looked for nor written, and an item that is gone is removed", async () => {
  const onePassword = new OnePasswordStandIn();
  const vaultItems = createServiceAccountItems(onePassword);
  const ask = (method: string, path: string, body: unknown) =>
    route({ providers: [], reports: [], machine: null, vaultItems }, { method, path: `/v1/vault-items${path}`, query: new URLSearchParams(), body: new TextEncoder().encode(JSON.stringify(body)) });
  await expect(ask("POST", "/find", { by: "title", is: "Payroll" })).rejects.toMatchObject({ code: "invalid-argument" });
  await expect(ask("POST", "", { title: "Payroll", tags: [], field: { id: "f", label: "", value: "" }, version: null })).rejects.toMatchObject({ code: "invalid-argument" });
  expect(onePassword.received).toEqual([]);
  expect(await ask("DELETE", `/${"z".repeat(26)}`, null)).toEqual({ json: null });
});
