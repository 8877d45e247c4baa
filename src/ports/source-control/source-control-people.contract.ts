/** What a person may do, as a source control must tell it. Registered by the contract of the port. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { expect } from "vitest";
import { isPortError } from "../../core/kernel/port-error.ts";
import { PASSWORD, type ScriptedGitAnswer, type SourceControlRig } from "./source-control-kit.contract.ts";

const ACCOUNT = "7";
const API = "/api/v3";

function json(value: unknown): ScriptedGitAnswer {
  return { headers: { "content-type": "application/json" }, chunks: [JSON.stringify(value)] };
}

/** GitHub as its papers say: an account by its number, and the right of a login. */
function github(permission: string, { id = 7, login = "ada-at-example" } = {}): (path: string) => ScriptedGitAnswer {
  return (path) => {
    if (path === `${API}/user/${ACCOUNT}`) return json({ id: 7, login, type: "User" });
    return path === `${API}/repos/team/app/collaborators/${login}/permission` ? json({ permission, role_name: permission, user: { id, login } }) : { status: 404 };
  };
}

export function describePeople(harness: ContractHarness<SourceControlRig> & { readonly knowsPeople: boolean }, open: () => Promise<SourceControlRig>): void {
  const ask = ({ source, remote }: SourceControlRig, more: Partial<SourceControlRig["remote"]> = {}) => source.rightOf({ ...remote, ...more }, ACCOUNT, new AbortController().signal);
  const failed = async (asked: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await asked.then((value) => new Error(`answered ${String(value)}`), (raw: unknown) => raw);
    expect(String(error)).not.toContain(PASSWORD);
    return isPortError(error) ? { code: error.code, outcome: error.outcome, retry: error.retry } : error;
  };

  verifiesOn(harness, "SRC8", "a host that knows nobody says so, and is sent nothing", async () => {
    const rig = await open();
    const elsewhere = "https://elsewhere.example/team/app.git";
    expect(rig.source.knowsPeople(elsewhere)).toBeNull();
    expect(await failed(ask(rig, { url: elsewhere }))).toMatchObject({ code: "unimplemented", outcome: "not-applied", retry: "never" });
    expect(rig.source.knowsPeople(rig.remote.url)).toBe(harness.knowsPeople ? "github" : null);
    if (!harness.knowsPeople) expect(await failed(ask(rig))).toMatchObject({ code: "unimplemented" });
    expect(rig.seen).toEqual([]);
  });
  if (!harness.knowsPeople) return;

  for (const [permission, right] of [
    ["admin", "write"],
    ["maintain", "write"],
    ["write", "write"],
    ["triage", "read"],
    ["read", "read"],
    ["none", "none"],
    ["constructor", "none"],
  ] as const) {
    verifiesOn(harness, "SRC9", `whose permission is ${permission} may ${right}`, async () => {
      const rig = await open();
      rig.answer(github(permission));
      expect(await ask(rig)).toBe(right);
      expect(rig.seen.map(({ method, path, headers }) => [method, path, headers.get("authorization")])).toEqual([
        ["GET", `${API}/user/7`, `Bearer ${PASSWORD}`],
        ["GET", `${API}/repos/team/app/collaborators/ada-at-example/permission`, `Bearer ${PASSWORD}`],
      ]);
    });
  }

  verifiesOn(harness, "SRC9", "who is gone, whom the host does not know there, and whose login went to another may do nothing", async () => {
    const rig = await open();
    for (const script of [() => ({ status: 404 }), (path: string) => (path.includes("/user/") ? json({ id: 7, login: "ada" }) : { status: 404 }), github("admin", { id: 8 }), () => json({ id: 8, login: "ada" })]) {
      rig.answer(script);
      expect(await ask(rig)).toBe("none");
    }
  });

  verifiesOn(harness, "SRC9", "a login is one step of the address, whatever it holds", async () => {
    const rig = await open();
    rig.answer((path) => (path.includes("/user/") ? json({ id: 7, login: "../../x?y" }) : { status: 404 }));
    expect(await ask(rig)).toBe("none");
    expect(rig.seen[1]?.path).toBe(`${API}/repos/team/app/collaborators/..%2F..%2Fx%3Fy/permission`);
  });

  for (const [status, headers, code, retry] of [
    [401, {}, "permission-denied", "never"],
    [403, {}, "permission-denied", "never"],
    [403, { "x-ratelimit-remaining": "0" }, "resource-exhausted", { afterMs: 1_000 }],
    [429, { "retry-after": "7" }, "resource-exhausted", { afterMs: 7_000 }],
    [301, { location: "https://elsewhere.example/" }, "failed-precondition", "never"],
    [502, {}, "unknown", { afterMs: 1_000 }],
    [200, { "content-type": "text/html" }, "failed-precondition", "never"],
  ] as const) {
    verifiesOn(harness, "SRC10", `status ${status} with ${JSON.stringify(headers)} is ${code}`, async () => {
      const rig = await open();
      rig.answer(() => ({ status, headers, chunks: ["<html>"] }));
      expect(await failed(ask(rig))).toEqual({ code, outcome: "not-applied", retry });
      expect(rig.seen).toHaveLength(1);
    });
  }

  verifiesOn(harness, "SRC10", "without a credential nothing is asked", async () => {
    const rig = await open();
    expect(await failed(ask(rig, { credential: null }))).toMatchObject({ code: "failed-precondition" });
    expect(rig.seen).toEqual([]);
  });
}
