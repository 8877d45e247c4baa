/** What some tests need of the machine, found by really using it, and the one command that adds what is lacking. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";

export type MachineNeed = "bubblewrap" | "chromium" | "docker" | "express" | "git" | "sandbox-image";

export interface Lack {
  readonly what: MachineNeed;
  readonly reason: string;
  /** One command. */
  readonly fix: string;
}

export const MACHINE_NEEDS: readonly MachineNeed[] = ["git", "bubblewrap", "chromium", "docker", "sandbox-image", "express"];

/** Express 4.18 with its own tests. */
export const EXPRESS_SOURCE = fileURLToPath(new URL("../../../.berth/express", import.meta.url));

const PROBE_MS = 10_000;
const APT = process.getuid?.() === 0 ? "apt-get install -y" : "sudo apt-get install -y";
const CHROMIUM_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Null when it is there and works. */
export function lacks(what: MachineNeed): Lack | null {
  const known = answers.get(what);
  if (known !== undefined) return known;
  const reason = PROBES[what]();
  const lack = reason === null ? null : { what, reason, fix: FIXES[what] };
  answers.set(what, lack);
  return lack;
}

/** Path of the browser for `playwright-core`; `CHROMIUM` names another one. @throws Error when there is none */
export function chromiumPath(): string {
  const path = findChromium();
  if (path === null) throw new Error(`Chromium is not installed. Install it with: ${FIXES.chromium}`);
  return path;
}

/** Probes take a while, and the machine does not change while tests run. */
const answers = new Map<MachineNeed, Lack | null>();

const FIXES: Readonly<Record<MachineNeed, string>> = {
  git: `${APT} git`,
  bubblewrap: `${APT} bubblewrap`,
  chromium: `${APT} chromium`,
  docker: `${APT} docker.io`,
  "sandbox-image": "npm run image",
  express: "sh test/e2e/express/fetch.sh",
};

const PROBES: Readonly<Record<MachineNeed, () => string | null>> = {
  git: () => answersTo("git", ["--version"]),
  bubblewrap: () =>
    process.platform === "linux"
      ? answersTo("bwrap", ["--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--", "true"])
      : "there is no bubblewrap on this platform",
  chromium: () => (findChromium() === null ? "not installed" : null),
  docker: () => answersTo("docker", ["info", "--format", "{{.ServerVersion}}"]),
  "sandbox-image": () => (lacks("docker") === null ? answersTo("docker", ["image", "inspect", "--format", "{{.Id}}", SANDBOX_IMAGE]) : "there is no Docker to look for it"),
  express: () => (existsSync(join(EXPRESS_SOURCE, "package.json")) ? null : "its source is not fetched"),
};

function findChromium(): string | null {
  return [process.env["CHROMIUM"] ?? "", ...CHROMIUM_PATHS].find((path) => path !== "" && existsSync(path)) ?? null;
}

function answersTo(program: string, args: readonly string[]): string | null {
  const { error, status, stderr } = spawnSync(program, args, { timeout: PROBE_MS, encoding: "utf8" });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return "not installed";
  if (error) return error.message;
  return status === 0 ? null : stderr.trim().split("\n").at(-1) || `it ended with ${status}`;
}
