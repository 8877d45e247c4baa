/** What is declared of a sandbox, what is measured of it, and what the provider says of itself. */
import assert from "node:assert/strict";
import { SandboxDeclaration, SandboxMeasurement } from "@berth/protocol";
import { judgeSandbox } from "../../../core/policy/judge.ts";
import { TOKEN } from "../sandbox-kit.contract.ts";
import type { PolicyReport } from "../sandbox.port.ts";
import { inRoom, type SandboxCase } from "./case.contract.ts";
import type { Room } from "./room.contract.ts";

const reportOf = ({ subject, running }: Room): Promise<PolicyReport> => subject.describePolicy(running.id);

const FACTS = { isolation: "its namespaces", egress: "its network", mounts: "what it sees", capabilities: "its rights" } as const;

export const POLICY_CASES: readonly SandboxCase[] = [
  inRoom("policy.form", "SBX35", "declaration and measurement have the protocol's form", async (room) => {
    const { declared, measured } = await reportOf(room);
    assert.deepEqual([SandboxDeclaration.parse(declared), SandboxMeasurement.parse(measured)], [declared, measured]);
  }),
  inRoom("policy.declared", "SBX35", "the isolation that is declared is the provider's", async (room) => {
    assert.equal((await reportOf(room)).declared.isolation, room.harness.isolation);
  }),
  inRoom("policy.by", "SBX35", "who measured is named", async (room) => {
    assert.match((await reportOf(room)).by, /^\w.* \w|^\w+$/);
  }),
  ...Object.entries(FACTS).map(([name, what]) =>
    inRoom(`policy.${name}`, "SBX35", `a sandbox shows no difference in ${what}`, async (room) => {
      const { declared, measured, by } = await reportOf(room);
      const found = judgeSandbox(declared, { measurement: measured, by, atMs: 0 }).find((fact) => fact.name === name);
      assert.deepEqual([found?.verdict, found?.differences], ["match", []]);
    }),
  ),
  inRoom("policy.work-folder", "SBX57", "the folder that commands run in is among what is measured as writable", async (room) => {
    const { stdout } = await room.running.exec(["pwd"]);
    const writable = (await reportOf(room)).measured.writable ?? [];
    assert.ok(writable.some((mount) => mount === "/" || `${stdout.trim()}/`.startsWith(`${mount}/`)), `${stdout.trim()} is below none of ${writable.join(", ")}`);
  }),
  inRoom("policy.repeated", "SBX35", "a second look says the same of an untouched sandbox", async (room) => {
    const [first, second] = [await reportOf(room), await reportOf(room)];
    assert.deepEqual(second.declared, first.declared);
    assert.deepEqual(second.measured, first.measured);
  }),
  inRoom("policy.no-token", "SBX11", "the token is in no report", async (room) => {
    assert.ok(!JSON.stringify(await reportOf(room)).includes(TOKEN), "it is in one");
  }),
  inRoom("flags.said", "SBX55", "the provider says the capabilities that it is known for", async ({ subject, harness }) => {
    assert.deepEqual(subject.capabilities, harness.capabilities);
    assert.equal(subject.isolation, harness.isolation);
  }),
  inRoom("flags.without-operation", "SBX55", "a capability that the port has no operation for is not claimed", async ({ subject: { capabilities } }) => {
    const { snapshots, expose, claim } = capabilities;
    assert.deepEqual({ snapshots, expose, claim }, { snapshots: false, expose: false, claim: false });
  }),
  inRoom("flags.everywhere", "SBX55", "backend and isolation are the same in every description", async ({ subject }) => {
    for (const { backend, isolation } of await subject.list({})) assert.deepEqual([backend, isolation], [subject.backend, subject.isolation]);
  }),
];
