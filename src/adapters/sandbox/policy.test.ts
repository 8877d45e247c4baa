/** The process sandbox's policy is what the kernel says: launched otherwise than declared, it shows. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { judgeSandbox } from "../../core/policy/judge.ts";
import { specOf, started } from "../../ports/sandbox/sandbox-kit.contract.ts";
import type { PolicyReport } from "../../ports/sandbox/sandbox.port.ts";
import { ProcessKit } from "./process-kit.contract.ts";
import type { ProcessSandboxOptions } from "./process.ts";

const kit = new ProcessKit();
afterEach(() => kit.dispose());

async function reportOf(session: string, options: Partial<ProcessSandboxOptions> = {}): Promise<PolicyReport> {
  const subject = kit.open(options);
  return subject.describePolicy(await started(subject, specOf(session)));
}

function wrong({ declared, measured, by }: PolicyReport): string[] {
  return judgeSandbox(declared, { measurement: measured, by, atMs: 0 }).flatMap(({ name, differences }) => differences.map((text) => `${name}: ${text}`));
}

/** Stands before the real bubblewrap: leaves some of the arguments out, and adds others behind all the rest. */
function tamperedBubblewrap({ without = [], adding = [] }: { readonly without?: readonly string[]; readonly adding?: readonly string[] }): string {
  const path = join(kit.root, "bwrap");
  const quoted = adding.map((word) => `'${word}'`).join(" ");
  const dropped = without.length === 0 ? "" : `${without.join("|")}) ;;`;
  writeFileSync(path, `#!/bin/sh\nbefore=1\nfor word do shift; case $before$word in 1--) before=0; set -- "$@" ${quoted} --;; ${dropped.replaceAll("--", "1--")} *) set -- "$@" "$word";; esac; done\nexec bwrap "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

test("[POL1] under bubblewrap what the kernel says is what is declared", async () => {
  const report = await reportOf("truth");
  expect(wrong(report)).toEqual([]);
  const { declared, measured, by } = report;
  expect(measured.namespaces).toEqual(expect.arrayContaining(["user", "mnt", "pid", "ipc", "uts"]));
  expect(measured).toMatchObject({ network: { own: false }, capabilities: [], noNewPrivileges: true, user: expect.stringMatching(/^uid 1000 inside is uid \d+ outside$/) });
  expect([...(measured.writable ?? [])].sort()).toEqual(["/home/agent", "/run/berth", "/tmp", "/workspace"]);
  expect(JSON.stringify(report)).not.toContain(kit.root);
  expect(declared).toMatchObject({ isolation: "bubblewrap", network: "machine", secrets: [] });
  expect(by).toMatch(/^the kernel, in \/proc\/\d+ of the sandbox host, which bounds neither memory nor processors$/);
});

test("without isolation nothing is claimed, and it says so", async () => {
  const report = await reportOf("bare", { isolation: "none" });
  expect(report.declared).toMatchObject({ isolation: "none", namespaces: [], writable: null, capabilities: null, secrets: null });
  expect(report.measured).toMatchObject({ namespaces: [], network: { own: false }, writable: ["/"] });
  expect(wrong(report)).toEqual([]);
});

describe("launched otherwise than declared", () => {
  test("[POL3] an extra capability shows", async () => {
    expect(wrong(await reportOf("capability", { bubblewrap: tamperedBubblewrap({ adding: ["--cap-add", "CAP_NET_RAW"] }) }))).toEqual(["capabilities: It has the capability net_raw."]);
  });

  test("[POL5] an extra mount shows, and one that can be written", async () => {
    const outside = join(kit.root, "of-the-user");
    mkdirSync(outside);
    const bubblewrap = tamperedBubblewrap({ adding: ["--bind", outside, "/run/berth/theirs", "--ro-bind", outside, "/home/agent/theirs", "--remount-ro", "/tmp"] });
    expect(wrong(await reportOf("mount", { bubblewrap }))).toEqual([
      "mounts: /run/berth/theirs can be written.",
      "mounts: /tmp cannot be written, though it should.",
      "mounts: /home/agent/theirs is mounted.",
    ]);
  });

  test("[POL6] weaker isolation shows", async () => {
    expect(wrong(await reportOf("namespace", { bubblewrap: tamperedBubblewrap({ without: ["--unshare-ipc"] }) }))).toEqual(["isolation: It shares the ipc namespace with the machine."]);
  });

  test("[POL2] another network than the declared one shows", async () => {
    const closed = await reportOf("closed", { bubblewrap: tamperedBubblewrap({ adding: ["--unshare-net"] }) });
    expect(wrong(closed)).toEqual(["egress: It has a network of its own, and may not reach what it should."]);
    // This backend never declares a closed network; one that does and leaves it open is seen by the same kernel.
    const open = await reportOf("open");
    expect(wrong({ ...open, declared: { ...open.declared, network: "brokers" } })).toEqual(["egress: It shares the network of the machine it runs on."]);
    expect(wrong({ ...closed, declared: { ...closed.declared, network: "brokers" } })).toEqual([]);
  });
});
