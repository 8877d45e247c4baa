/** The catalogued faults as a source control must report them. Registered by the contract of the port. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { expect } from "vitest";
import { FLUSH, joined, pkt } from "../../core/git/pkt-line.ts";
import { isPortError } from "../../core/kernel/port-error.ts";
import { FETCHED, fetchCall, listing, PASSWORD, PUSHED, pushCall, typed, type SourceControlRig } from "./source-control-kit.contract.ts";
import { SOURCE_CONTROL_FAULTS } from "./source-control.faults.ts";

export function describeSourceControlFaults(harness: ContractHarness<SourceControlRig>, open: () => Promise<SourceControlRig>): void {
  const proves = (id: string, rules: readonly string[], sentence: string, body: (rig: SourceControlRig) => Promise<void>): void => {
    const inject = harness.inject?.[id];
    if (!inject) return;
    verifiesOn(harness, [id, ...rules], sentence, async () => {
      const rig = await open();
      rig.answer((path) => (path.includes("info/refs") ? listing(path) : path.endsWith("git-receive-pack") ? PUSHED : FETCHED));
      await inject(rig);
      await body(rig);
    });
  };
  const fails = async (id: string, call: Promise<unknown>): Promise<void> => {
    const error = await call.then((value) => new Error(`answered ${String(value)}`), (caught: unknown) => caught);
    const fault = SOURCE_CONTROL_FAULTS.faults.find((candidate) => candidate.id === id);
    expect(isPortError(error) && { code: error.code, outcome: error.outcome, retry: error.retry }).toEqual(fault?.symptom);
    expect(String(error)).not.toContain(PASSWORD);
  };
  const inspect = (rig: SourceControlRig) => rig.source.inspect(rig.remote, new AbortController().signal);
  const text = async (stream: Promise<ReadableStream<Uint8Array>>): Promise<string> => new Response(await stream).text();

  for (const id of ["source-control:inspect:no-repository", "source-control:inspect:wrong-credential", "source-control:inspect:not-git"]) {
    proves(id, ["SRC4"], "is said of the address or the credential", (rig) => fails(id, inspect(rig)));
  }
  for (const id of [
    "source-control:forward:rate-limited",
    "source-control:forward:credential-expired",
    "source-control:forward:gone",
    "source-control:forward:moved",
    "source-control:forward:unreachable",
    "source-control:forward:no-answer",
  ]) {
    proves(id, ["SRC6"], "is an error with its outcome", (rig) => fails(id, rig.source.forward(pushCall(rig))));
  }
  for (const id of ["source-control:rightOf:not-told", "source-control:rightOf:rate-limited", "source-control:rightOf:unreachable"]) {
    proves(id, ["SRC10"], "is an error and no right", (rig) => fails(id, rig.source.rightOf(rig.remote, "7", new AbortController().signal)));
  }
  proves("source-control:forward:branch-moved", ["SRC4"], "the host's own report is passed on", async (rig) => {
    expect(await text(rig.source.forward(pushCall(rig)))).toContain("failed to update ref");
  });
  proves("source-control:forward:cut", ["SRC3"], "a cut answer breaks for its reader", async (rig) => {
    await expect(text(rig.source.forward(fetchCall(rig)))).rejects.toThrow();
  });
  proves("source-control:forward:slow", ["SRC3"], "a slow answer arrives", async (rig) => {
    expect(await text(rig.source.forward(fetchCall(rig)))).toBe("0008NAK\n0000");
  });
}

/** What a host reports of a branch that moved meanwhile. */
export const BRANCH_MOVED = { headers: typed("git-receive-pack-result"), chunks: [joined(pkt("unpack ok\n"), pkt("ng refs/heads/x failed to update ref\n"), FLUSH)] };
