/** Which isolation works on this machine, found by really using it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import type { ProcessIsolation } from "./launch.ts";
import { seatbeltProfile } from "./seatbelt.ts";

export interface IsolationReport {
  readonly isolation: ProcessIsolation;
  /** Why nothing stronger was chosen; null when it is as strong as this machine offers. */
  readonly reason: string | null;
  /** The command or step that would make it stronger. */
  readonly fix: string | null;
}

const PROBE_MS = 5_000;
const BWRAP_PROBE =
  "--unshare-user --unshare-pid --unshare-ipc --unshare-uts --new-session --die-with-parent --uid 1000 --gid 1000 --cap-drop ALL --ro-bind / / --proc /proc --dev /dev -- true".split(" ");

/** Null when it ran; otherwise what it said. */
function probe(file: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: PROBE_MS, env: { PATH: "/usr/local/bin:/usr/bin:/bin" } }, (error, _stdout, stderr) => {
      if (!error) resolve(null);
      else if (error.code === "ENOENT") resolve("not installed");
      else resolve(stderr.trim().split("\n").at(-1) || `it ended with ${String(error.code ?? error.signal)}`);
    });
  });
}

export async function detectIsolation(platform: NodeJS.Platform = process.platform): Promise<IsolationReport> {
  if (platform === "linux") {
    const problem = await probe("bwrap", BWRAP_PROBE);
    if (problem === null) return { isolation: "bubblewrap", reason: null, fix: null };
    const fix =
      problem === "not installed"
        ? "Install bubblewrap, for example with `apt-get install bubblewrap`."
        : "Allow unprivileged user namespaces, for example with `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`.";
    return { isolation: "none", reason: `bubblewrap: ${problem}`, fix };
  }
  if (platform === "darwin" && existsSync("/usr/bin/sandbox-exec")) {
    const problem = await probe("/usr/bin/sandbox-exec", ["-p", seatbeltProfile({ writable: [], readOnlyPaths: [], hidden: [] }), "/usr/bin/true"]);
    if (problem === null) return { isolation: "seatbelt", reason: null, fix: null };
    return { isolation: "none", reason: `seatbelt: ${problem}`, fix: "Use the docker backend." };
  }
  return { isolation: "none", reason: `there is no process isolation on ${platform}`, fix: "Use the docker backend." };
}
