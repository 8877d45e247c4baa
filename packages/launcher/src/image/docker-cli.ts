/** Docker's own program, for what people do with it too: fetching, importing and building images. */
import { spawn, spawnSync } from "node:child_process";
import { UserError } from "../progress.ts";

const SAID_CHARACTERS_MAX = 4_000;

/** @throws UserError with what it said last */
export function docker(args: readonly string[], input?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const command = input === undefined ? ["docker", ...args] : ["sh", "-c", `${input} | docker "$@"`, "sh", ...args];
    const [file = "", ...rest] = command;
    const child = spawn(file, rest, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-SAID_CHARACTERS_MAX);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new UserError(`docker ${args[0]} failed.\n${said.trim()}`))));
  });
}

export function hasImage(image: string): boolean {
  return spawnSync("docker", ["image", "inspect", image], { stdio: "ignore" }).status === 0;
}

/** Null when there is no such image, or it has no such label. */
export function imageLabel(image: string, label: string): string | null {
  const { status, stdout } = spawnSync("docker", ["image", "inspect", "--format", `{{index .Config.Labels "${label}"}}`, image], { encoding: "utf8" });
  return status === 0 && stdout.trim() !== "" ? stdout.trim() : null;
}
