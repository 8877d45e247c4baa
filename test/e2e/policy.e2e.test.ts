/** What is really enforced on a running sandbox, through the API: as declared, and after differences were put in. */
import type { PolicyFact, SandboxPolicy, SessionClient } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logOf, startTestStack, turn, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

let stack: TestStack;
let session: SessionClient;

beforeAll(async () => {
  stack = await startTestStack();
  session = await stack.idleSession();
});

afterAll(async () => {
  await stack?.end();
});

async function measured(): Promise<SandboxPolicy> {
  await eventually("a measurement", async () => {
    const policy = await session.policy();
    return policy.epoch !== null && !policy.measuring ? true : JSON.stringify(policy);
  }, 20_000);
  return session.policy();
}

const wrong = ({ facts }: SandboxPolicy): string[] => facts.flatMap(({ name, differences }) => differences.map((text) => `${name}: ${text}`));
const brief = ({ name, verdict, by }: PolicyFact): string => `${name} ${verdict} by ${/kernel|runtime|ledger/.exec(by)?.[0]}`;

test("[POL1][POL11] a sandbox is measured at its start, by the kernel and from inside, and is as declared", async () => {
  const policy = await measured();
  console.log(policy.facts.map(({ name, declared, measured: seen, by }) => `${name} | ${declared} | ${seen} | ${by}`).join("\n"));
  expect(policy.facts.map(brief)).toEqual([
    "isolation match by kernel",
    "egress match by kernel",
    "mounts match by kernel",
    "capabilities match by kernel",
    "egress match by runtime",
    "mounts match by runtime",
    "capabilities match by runtime",
    "secrets match by runtime",
    "tokenScopes match by runtime",
    "branchPrefix match by runtime",
    "caps match by ledger",
  ]);
  expect(policy.facts.find(({ name }) => name === "tokenScopes")?.measured).toBe(
    "opens /v1/sandbox/checkpoint-blobs; refused at /v1/me, /v1/sessions, /v1/runs, /v1/keys, /v1/api-keys, /v1/budgets, /v1/audit, /v1/members, /v1/repos",
  );
  expect([policy.verdict, policy.epoch]).toEqual(["match", 1]);
  expect((await logOf(session)).filter(({ type }) => type === "policy.mismatch")).toEqual([]);
});

test("[POL7][POL9][POL11] a readable secret and a credential of git's own show when it is measured again, and in the log", async () => {
  await turn(session, "!bash mkdir -p ~/.ssh && printf -- '-----BEGIN %s PRIVATE KEY-----\\nexample\\n' OPENSSH > ~/.ssh/id_ed25519");
  await turn(session, "!bash git init -q . && git config credential.helper store");
  expect((await session.measurePolicy()).measuring).toBe(true);
  const policy = await measured();
  const expected = ["secrets: A secret can be read: private key in /home/agent/.ssh/id_ed25519.", "branchPrefix: Git has a credential of its own: credential.helper."];
  expect(wrong(policy)).toEqual(expected);
  expect(policy.verdict).toBe("mismatch");
  const [event, ...more] = (await logOf(session)).filter(({ type }) => type === "policy.mismatch");
  expect(more).toEqual([]);
  expect(event?.data).toMatchObject({ epoch: 1, stopped: false, facts: expected.map((text) => ({ differences: [text.replace(/^\w+: /, "")] })) });
  // Told, and nothing else: the session goes on.
  await turn(session, "!say still here");
});

test("[POL12] where the organization wants it, a mismatch stops the session, and says what to put right", async () => {
  expect(await stack.berth.policyRule.get()).toEqual({ onMismatch: "report" });
  await stack.berth.policyRule.set("stop");
  await session.measurePolicy();
  await eventually("the session has failed", async () => {
    const { status, failure } = await session.get();
    return status === "failed" ? true : `${status} ${JSON.stringify(failure)}`;
  }, 20_000);
  expect((await session.get()).failure).toMatchObject({ code: "policy-mismatch", message: expect.stringContaining("private key in /home/agent/.ssh/id_ed25519"), fix: expect.stringMatching(/resume/) });
  expect((await logOf(session)).findLast(({ type }) => type === "policy.mismatch")?.data).toMatchObject({ stopped: true });
});
