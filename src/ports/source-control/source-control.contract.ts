/** What every source control keeps, whatever carries its calls. The rig holds a host that answers as scripted. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { describe, expect, onTestFinished } from "vitest";
import { isPortError, type PortError } from "../../core/kernel/port-error.ts";
import { AUTHORIZATION, FETCHED, fetchCall, listed, listing, PASSWORD, PUSHED, pushCall, typed, type SourceControlRig } from "./source-control-kit.contract.ts";
import { describePeople } from "./source-control-people.contract.ts";
import { describeSourceControlFaults } from "./source-control-faults.contract.ts";

export interface SourceControlHarness extends ContractHarness<SourceControlRig> {
  /** Whether the rig's host is asked about people, as GitHub is. */
  readonly knowsPeople: boolean;
}

type Harness = SourceControlHarness;
type Open = () => Promise<SourceControlRig>;

const noSignal = () => new AbortController().signal;

export function describeSourceControlContract(harness: Harness): void {
  const open = async (): Promise<SourceControlRig> => {
    const rig = await harness.create();
    onTestFinished(() => rig.close());
    return rig;
  };

  describe(`source-control contract: ${harness.name}`, () => {
    describeCalls(harness, open);
    describeAnswers(harness, open);
    describeInspection(harness, open);
    describePeople(harness, open);
    describeSourceControlFaults(harness, open);
  });
}

async function read(stream: Promise<ReadableStream<Uint8Array>>): Promise<string> {
  return new Response(await stream).text();
}

async function failed(call: Promise<unknown>): Promise<PortError> {
  const error: unknown = await call.then((value) => new Error(`answered ${String(value)}`), (raw: unknown) => raw);
  if (!isPortError(error)) throw error;
  expect(`${error.message} ${error.fix ?? ""}`).not.toContain(PASSWORD);
  return error;
}

function describeCalls(harness: Harness, open: Open): void {
  verifiesOn(harness, ["SRC1", "SRC2"], "the list and the exchange are asked at their addresses, with the credential and what git said", async () => {
    const rig = await open();
    rig.answer((path) => (path.includes("info/refs") ? listing(path) : path.endsWith("git-receive-pack") ? PUSHED : FETCHED));
    await read(rig.source.forward(fetchCall(rig, { step: "advertise", body: null })));
    await read(rig.source.forward(fetchCall(rig, { encoding: "gzip" })));
    await read(rig.source.forward(pushCall(rig)));
    const sent = rig.seen.map(({ method, path, headers, body }) => [method, path, headers.get("git-protocol"), headers.get("content-encoding"), headers.get("content-type"), body]);
    expect(sent).toEqual([
      ["GET", "/team/app.git/info/refs?service=git-upload-pack", "version=2", null, null, ""],
      ["POST", "/team/app.git/git-upload-pack", "version=2", "gzip", "application/x-git-upload-pack-request", "0011command=fetch0000"],
      ["POST", "/team/app.git/git-receive-pack", null, null, "application/x-git-receive-pack-request", "0011command=fetch0000"],
    ]);
    expect(rig.seen.map(({ headers }) => headers.get("authorization"))).toEqual([AUTHORIZATION, AUTHORIZATION, AUTHORIZATION]);
  });

  verifiesOn(harness, "SRC1", "a remote without a credential is sent none", async () => {
    const rig = await open();
    rig.answer(listing);
    await rig.source.inspect({ ...rig.remote, credential: null }, noSignal());
    expect(rig.seen.map(({ headers }) => headers.get("authorization"))).toEqual([null, null]);
  });

  verifiesOn(harness, ["SRC2", "SRC3"], "a body that is a stream arrives whole, byte for byte", async () => {
    const rig = await open();
    rig.answer(() => PUSHED);
    const pieces = ["0000", "PACK", "x".repeat(100_000), "end"];
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => (at === pieces.length ? controller.close() : controller.enqueue(new TextEncoder().encode(pieces[at++]))),
    });
    await read(rig.source.forward(pushCall(rig, { body })));
    expect(rig.seen[0]?.body).toBe(pieces.join(""));
  });
}

function describeAnswers(harness: Harness, open: Open): void {
  verifiesOn(harness, "SRC3", "the first bytes of an answer are there before the last were sent", async () => {
    const rig = await open();
    const gate = Promise.withResolvers<void>();
    rig.answer(() => ({ ...FETCHED, beforeLast: gate.promise }));
    const reader = (await rig.source.forward(fetchCall(rig))).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("0008NAK\n");
    gate.resolve();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("0000");
    expect((await reader.read()).done).toBe(true);
  });

  for (const [status, headers, code, retry] of [
    [401, { "www-authenticate": 'Basic realm="example"' }, "permission-denied", "never"],
    [403, {}, "permission-denied", "never"],
    [404, {}, "not-found", "never"],
    [410, {}, "not-found", "never"],
    [413, {}, "resource-exhausted", "never"],
    [429, { "retry-after": "7" }, "resource-exhausted", { afterMs: 7_000 }],
    [503, {}, "unknown", { afterMs: 1_000 }],
    [400, {}, "failed-precondition", "never"],
    [200, { "content-type": "text/html" }, "failed-precondition", "never"],
    [200, typed("git-upload-pack-advertisement"), "failed-precondition", "never"],
  ] as const) {
    verifiesOn(harness, "SRC4", `status ${status} with ${JSON.stringify(headers)} is ${code}`, async () => {
      const rig = await open();
      rig.answer(() => ({ status, headers, chunks: ["what the host says"] }));
      expect(await failed(rig.source.forward(fetchCall(rig)))).toMatchObject({ port: "source-control", operation: "forward", code, outcome: "not-applied", retry });
    });
  }

  verifiesOn(harness, "SRC6", "a push that the host failed at may have been applied", async () => {
    const rig = await open();
    rig.answer(() => ({ status: 500 }));
    expect(await failed(rig.source.forward(pushCall(rig)))).toMatchObject({ code: "unknown", outcome: "unknown" });
  });

  verifiesOn(harness, "SRC5", "a redirect of a call is an error, also at the same host, and the credential does not follow it", async () => {
    const rig = await open();
    for (const location of ["https://elsewhere.example/app.git/git-upload-pack", "/moved/app.git/git-upload-pack"]) {
      rig.answer(() => ({ status: 307, headers: { location } }));
      const error = await failed(rig.source.forward(fetchCall(rig)));
      expect([error.code, error.message]).toEqual(["failed-precondition", expect.stringContaining(new URL(location, rig.remote.url).pathname)]);
    }
    expect(rig.seen).toHaveLength(2);
  });
}

function describeInspection(harness: Harness, open: Open): void {
  verifiesOn(harness, "SRC7", "a repository is told with its branch and what the credential may", async () => {
    const rig = await open();
    rig.answer(listing);
    expect(await rig.source.inspect(rig.remote, noSignal())).toEqual({ url: rig.remote.url, defaultBranch: "trunk", canPush: true });
    rig.answer((path) => (path.endsWith("git-receive-pack") ? { status: 403 } : listed("git-upload-pack", { empty: true })));
    expect(await rig.source.inspect(rig.remote, noSignal())).toEqual({ url: rig.remote.url, defaultBranch: null, canPush: false });
  });

  verifiesOn(harness, "SRC5", "a redirect within the host is followed and told, one elsewhere is refused by name", async () => {
    const rig = await open();
    const origin = new URL(rig.remote.url).origin;
    rig.answer((path) => (path.startsWith("/team/app.git/") ? { status: 301, headers: { location: "/new/app.git/info/refs?service=git-upload-pack" } } : listing(path)));
    expect(await rig.source.inspect(rig.remote, noSignal())).toMatchObject({ url: `${origin}/new/app.git`, canPush: true });
    rig.answer(() => ({ status: 301, headers: { location: "https://elsewhere.example/app.git/info/refs?service=git-upload-pack" } }));
    const error = await failed(rig.source.inspect(rig.remote, noSignal()));
    expect([error.code, error.message]).toEqual(["failed-precondition", expect.stringContaining("https://elsewhere.example/app.git")]);
    rig.answer(() => ({ status: 302, headers: { location: "/team/app.git/info/refs?again" } }));
    expect((await failed(rig.source.inspect(rig.remote, noSignal()))).code).toBe("failed-precondition");
  });

  for (const [what, chunks] of [
    ["a page with the right type", ["<html>"]],
    ["a list that ends in its middle", ["001e# service=git-upload-pack\n0000"]],
    ["another service's list", ["001f# service=git-receive-pack\n0000"]],
  ] as const) {
    verifiesOn(harness, "SRC4", `${what} is no repository`, async () => {
      const rig = await open();
      rig.answer(() => ({ headers: typed("git-upload-pack-advertisement"), chunks }));
      expect((await failed(rig.source.inspect(rig.remote, noSignal()))).code).toBe("failed-precondition");
    });
  }
}
