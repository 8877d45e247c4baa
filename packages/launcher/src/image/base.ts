/** What the image begins with: Debian from a registry of images, or made on this machine where none can be reached. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError, type step } from "../progress.ts";
import { docker, hasImage } from "./docker-cli.ts";

const FETCHED = "debian:bookworm-slim";
const MADE = "berth-base:bookworm";
const RELEASE = "bookworm";

/** @throws UserError with both ways to get one */
export async function baseImage(tellStep: typeof step): Promise<string> {
  for (const image of [FETCHED, MADE]) if (hasImage(image)) return image;
  const why = await tellStep(`Fetching ${FETCHED}`, () => docker(["pull", "--quiet", FETCHED])).then(
    () => null,
    (error: unknown) => error,
  );
  if (why === null) return FETCHED;
  if (process.getuid?.() !== 0 || spawnSync("debootstrap", ["--version"], { stdio: "ignore" }).status !== 0) {
    const said = why instanceof Error ? why.message : String(why);
    throw new UserError(`${said}\nName a base of your own in BASE_IMAGE, or let it be made here:  sudo apt-get install -y debootstrap && sudo npm run image`);
  }
  await tellStep(`Making ${MADE} with debootstrap`, makeBase);
  return MADE;
}

async function makeBase(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "berth-base-"));
  try {
    await debootstrap(folder);
    await docker(["import", "-", MADE], `tar -C '${folder}' -c .`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function debootstrap(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("debootstrap", ["--variant=minbase", RELEASE, folder], { stdio: ["ignore", "pipe", "pipe"] });
    let last = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        last = text.trim().split("\n").at(-1) ?? last;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new UserError(`debootstrap failed: ${last}`))));
  });
}
