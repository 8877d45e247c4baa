/** What a build of the image says of itself while it runs and when it failed: `dist/image/build.json`, read by the sandbox host and by doctor. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { identify } from "@berth/sandbox-runtime/processes/process-table";
import { readImageBuild, type ImageBuild } from "../../../../src/adapters/sandbox/docker/image-build.ts";
import { step, UserError } from "../progress.ts";

const REASON_CHARACTERS_MAX = 300;

export class BuildRecord {
  readonly #file: string;
  readonly #image: string;

  private constructor(file: string, image: string) {
    this.#file = file;
    this.#image = image;
  }

  /** Before the process that builds says anything itself. */
  static announce(file: string, image: string, pid: number): void {
    new BuildRecord(file, image).#building("beginning", pid);
  }

  /** @throws UserError while another one runs: both would gather their files in one folder */
  static begin(file: string, image: string): BuildRecord {
    const other = readImageBuild(file);
    if (other?.state === "building" && other.builder.pid !== process.pid) throw new UserError(`${other.image} is being built already, by pid ${other.builder.pid}: ${other.step}.\nWait for it, or end it:  kill ${other.builder.pid}`);
    return new BuildRecord(file, image);
  }

  /** As `step`, and whoever asks how far the build is gets the title. */
  readonly step: typeof step = (title, work) => {
    this.#building(title, process.pid);
    return step(title, work);
  };

  /** The image is there, or nobody wants it any more. */
  over(): void {
    rmSync(this.#file, { force: true });
  }

  failed(error: unknown): void {
    this.#write({ state: "failed", image: this.#image, reason: reasonIn(error instanceof Error ? error.message : String(error)) });
  }

  #building(title: string, pid: number): void {
    const builder = identify(pid);
    if (builder !== null) this.#write({ state: "building", image: this.#image, step: title, builder });
  }

  #write(build: ImageBuild): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, JSON.stringify(build));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** What failed is said first, why is said last, and between the two there may be pages. */
export function reasonIn(message: string): string {
  const lines = message.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const [first = "It failed without a word.", last = ""] = lines.length > 1 ? [lines[0], lines.at(-1)] : lines;
  return `${first} ${last}`.trim().slice(0, REASON_CHARACTERS_MAX);
}
