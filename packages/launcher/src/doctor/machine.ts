/** The doctor on the machine: Node, what is installed, disk, isolation, Docker. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { freemem } from "node:os";
import { dirname, join } from "node:path";
import { lacks, type Lack } from "@berth/testkit/machine";
import type { EngineReport } from "../../../../src/adapters/sandbox/docker/detect-engine.ts";
import { BUILD_IMAGE, type ImageBuild } from "../../../../src/adapters/sandbox/docker/image-build.ts";
import { detectIsolation, type IsolationReport } from "../../../../src/adapters/sandbox/process/detect-isolation.ts";
import { hasMemoryFor } from "../../../../src/adapters/sandbox/session-folders/warm-size.ts";
import { detectChosenEngine } from "../default-backends.ts";
import { bad, info, ok, type Finding } from "./finding.ts";

/** As in `berth.mjs`, which cannot import from here: it runs before anything is installed. */
const NODE_OLDEST: readonly [number, number] = [22, 22];
/** PostgreSQL, builds and a few sandboxes. */
const FREE_BYTES_MIN = 2 * 1024 ** 3;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isNew = major > NODE_OLDEST[0] || (major === NODE_OLDEST[0] && minor >= NODE_OLDEST[1]);
  return isNew ? ok("Node", version) : bad("Node", `${version} is older than ${NODE_OLDEST.join(".")}`, "npm start");
}

/** `root` is the checkout. */
export function checkInstalled(root: string): Finding {
  const marker = join(root, "node_modules", ".berth-lockfile");
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
  if (!existsSync(marker)) return bad("Dependencies", "not installed by Berth", "npm start");
  return readFileSync(marker, "utf8") === hash ? ok("Dependencies", "as the lockfile says") : bad("Dependencies", "older than the lockfile", "npm start");
}

export function checkDisk(folder: string, freeBytes = freeBytesOf(folder)): Finding {
  const text = `${(freeBytes / 1024 ** 3).toFixed(1)} GB free for ${folder}`;
  return freeBytes >= FREE_BYTES_MIN ? ok("Disk", text) : bad("Disk", `only ${text}`, "npm start -- --data-dir /folder/on/a/larger/disk");
}

export async function checkIsolation(backends: readonly string[], trustAgent: boolean, detect: () => Promise<IsolationReport> = detectIsolation): Promise<Finding> {
  if (!backends.includes("process")) return info("Isolation", "not needed: the process backend is not chosen");
  const { isolation, reason, fix } = await detect();
  if (isolation !== "none") return ok("Isolation", `${isolation} works`);
  if (trustAgent) return info("Isolation", `none, as --trust-agent says (${reason})`);
  // What the adapter says is a sentence with the command in backticks, where there is one.
  const command = /`([^`]+)`/.exec(fix ?? "")?.[1] ?? "npm start -- --trust-agent";
  return bad("Isolation", `none, so only the demo model may run (${reason})`, command);
}

interface DockerLooks {
  readonly lack?: Lack | null;
  readonly detect?: () => Promise<EngineReport>;
  /** Nobody chose the backends. */
  readonly isDefault?: boolean;
  readonly build?: ImageBuild | null;
}

/** What is wrong with it is so only where it is chosen; where nobody chose, `npm start` builds a missing image. */
export async function checkDocker(backends: readonly string[], { lack = lacks("docker"), detect = detectChosenEngine, isDefault = false, build = null }: DockerLooks = {}): Promise<Finding> {
  const wrong = (text: string, fix: string): Finding => (backends.includes("docker") ? bad("Docker", text, fix) : info("Docker", `${text}; only needed for the docker backend`));
  if (lack?.reason === "not installed") return wrong(lack.reason, lack.fix);
  const { version, reason, fix, lacksImage } = await detect();
  if (reason === null) return ok("Docker", `${version}, with the image of sandboxes${isDefault ? ": sessions run in containers" : ""}`);
  if (lacksImage && build?.state === "building") return info("Docker", `${version}; the image of sandboxes is being built: ${build.step}`);
  if (lacksImage && build?.state === "failed") return wrong(`${version}, but the image of sandboxes could not be built: ${build.reason}`, BUILD_IMAGE);
  if (lacksImage && isDefault) return info("Docker", `${version}; the image of sandboxes is not there yet: the next npm start builds it, or ${BUILD_IMAGE}`);
  // What the adapter says is a sentence with the command in backticks, where there is one.
  return wrong(version === null ? reason : `${version}, but ${reason}`, /`([^`]+)`/.exec(fix ?? "")?.[1] ?? fix ?? "docker info");
}

/** What waits takes memory all the time, and is made only where there is enough. */
export function checkWarm(max: number, freeBytes = freemem()): Finding {
  const name = "Warm sandboxes";
  if (max === 0) return info(name, "none waits for a session: SANDBOXES_WARM_MAX is 0");
  if (!hasMemoryFor(freeBytes)) return info(name, `none for now: only ${(freeBytes / 1024 ** 3).toFixed(1)} GB of memory are free, so sandboxes are made when their session begins`);
  return ok(name, `up to ${max} of each backend wait${max === 1 ? "s" : ""} for a session with the agent started (SANDBOXES_WARM_MAX)`);
}

/** Of the disk the folder is on, or will be. */
function freeBytesOf(folder: string): number {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}
