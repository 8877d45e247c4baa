/** Faults of the wire between the caller and the effect, where there is one. */
import assert from "node:assert/strict";
import { expectRefusal, specOf } from "../sandbox-kit.contract.ts";
import { alone, type SandboxCase } from "./case.contract.ts";

export const WIRE_CASES: readonly SandboxCase[] = [
  alone("wire.unreachable", "sandbox:create:host-unreachable", "a host that cannot be reached has started nothing", async (stage) => {
    await stage.inject("sandbox:create:host-unreachable");
    const spec = specOf("unreachable");
    await expectRefusal(stage.subject.create(spec), "deadline-exceeded", "not-applied", "same-request");
    await expectRefusal(stage.subject.describe(spec.id), "not-found");
  }, ["host-unreachable"]),
  alone("wire.answer-lost", ["sandbox:create:answer-lost", "SBX2"], "a create whose answer is lost is found again by its id", async (stage) => {
    await stage.inject("sandbox:create:answer-lost");
    const spec = specOf("lost");
    await expectRefusal(stage.subject.create(spec), "deadline-exceeded", "unknown", "same-request");
    assert.equal((await stage.settled(spec.id)).phase, "running");
    await stage.subject.create(spec);
    assert.deepEqual(await stage.phases(), { [spec.id]: "running" });
  }, ["answer-lost"]),
  alone("wire.cut", "sandbox:exec:cut-mid-stream", "an answer that is cut leaves the outcome unknown", async (stage) => {
    const box = await stage.start(specOf("cut"));
    await stage.inject("sandbox:exec:cut-mid-stream");
    await expectRefusal(box.exec(["echo", "x"]), "unknown", "unknown", "never");
  }, ["cut-mid-stream"]),
  alone("wire.stranger", "sandbox:create:wrong-credentials", "a caller that the host does not know is refused", async (stage) => {
    await stage.inject("sandbox:create:wrong-credentials");
    await expectRefusal(stage.subject.create(specOf("stranger")), "permission-denied", "not-applied", "never");
  }, ["wrong-credentials"]),
];
